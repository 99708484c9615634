//! `ls`, `show`, `du`, `diff` and `orphans`.

use super::{FIRST, Local, NOWHERE, files, lines, run};
use serde_json::{Value, json};

#[test]
fn snapshots_are_listed_without_a_server() {
    let local = Local::new();
    let ran = local.run("ls", "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..4], ["SNAPSHOT", "STATE", "STARTED", "ENDED"]);
    assert_eq!(rows[1][..5], ["s1", "SUCCESS", "2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z", "2"]);
    assert_eq!(rows[1][5..9], ["3", "of", "3", "138"]);
    assert_eq!(rows[1][11..], ["Elasticsearch", "7.17.29"]);
    assert_eq!(rows.len(), 3);
    assert_eq!(local.run("ls", "-o name").stdout, "s1\ns2\n");
}

#[test]
fn documents_have_a_schema_and_lines_a_type() {
    let local = Local::new();
    for (verb, rest, schema, list, kind) in [
        ("ls", "", "tintype.ls/1", "snapshots", "snapshot"),
        ("show", "s1", "tintype.show/1", "indices", "index"),
        ("du", "", "tintype.du/1", "snapshots", "snapshot"),
        ("diff", "s1 s2", "tintype.diff/1", "indices", "index"),
        ("orphans", "", "tintype.orphans/1", "blobs", "orphan"),
    ] {
        let (code, document) = local.json(verb, rest);
        assert_eq!((code, &document["schema"]), (0, &json!(schema)), "{verb}");
        assert_eq!((&document["generation"], &document["unreadable"]["count"]), (&json!(2), &json!(0)), "{verb}");
        let lines = lines(&local.run(verb, &format!("{rest} -o ndjson")).stdout);
        let (summary, rows) = lines.split_last().unwrap();
        assert_eq!((&summary["type"], &summary["schema"]), (&json!("summary"), &json!(schema)), "{verb}");
        let rows = rows.iter().filter(|row| row["type"] == kind);
        assert_eq!(rows.count(), document[list].as_array().unwrap().len(), "{verb}");
        let yaml: Value = serde_yaml_ng::from_str(&local.run(verb, &format!("{rest} -o yaml")).stdout).unwrap();
        assert_eq!(yaml, document, "{verb}");
    }
}

#[test]
fn nothing_is_written_to_the_repository_or_the_home() {
    let local = Local::new();
    let before = files(local.directory.path());
    for (verb, rest) in [("ls", ""), ("show", "s1"), ("du", ""), ("diff", "s1 s2"), ("orphans", "")] {
        assert_eq!(local.run(verb, rest).code, 0);
    }
    assert_eq!(files(local.directory.path()), before);
}

#[test]
fn one_snapshot_is_shown_by_url_and_a_platform_repository_by_name() {
    let local = Local::new();
    let shown = local.run("show", "s2");
    for part in ["STATE          SUCCESS", "DOCUMENTS      140", "logs   2 of 2  111", "shop   1 of 1  29"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let (_, one) = local.json("show", "s1 --index sh*");
    assert_eq!((one["indices"].as_array().unwrap().len(), &one["indices"][0]["name"]), (1, &json!("shop")));
    // A name asks the server, which is not there.
    let named = run(NOWHERE, "repository show nightly");
    assert_eq!(named.code, 7, "{named:?}");
}

#[test]
fn du_tells_what_deleting_would_free() {
    let local = Local::new();
    let (_, du) = local.json("du", "--older-than 2023-11-15T12:00:00Z");
    let [s1, s2] = [0, 1].map(|at| &du["snapshots"][at]);
    let bytes = |value: &Value| value.as_u64().unwrap();
    let total = bytes(&s1["unique"]["data_bytes"]) + bytes(&s2["unique"]["data_bytes"]) + bytes(&s1["shared_bytes"]);
    assert_eq!(s1["shared_bytes"], s2["shared_bytes"]);
    assert_eq!(bytes(&du["all"]["data_bytes"]), total);
    assert_eq!(du["older"]["snapshots"], json!(["s1"]));
    assert_eq!(du["older"]["frees"], s1["unique"]);
    assert_eq!(du["snapshots"][0]["started"], FIRST);
    let table = local.run("du", "--older-than 2023-11-16").stdout;
    assert!(table.contains("\ndeleting the 2 snapshots before 2023-11-16T00:00:00Z frees "), "{table}");
}

#[test]
fn diff_names_what_differs() {
    let local = Local::new();
    let table = local.run("diff", "s1 s2").stdout;
    for part in [
        "shop   changed  27 → 29",
        "  setting index.number_of_replicas: \"1\" → \"0\"",
        "  mapping properties: {\"message\":{\"type\":\"text\"}} → -",
        "\nfrom s1 to s2: ",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("logs"), "{table}");
    assert!(local.run("diff", "s1 s2 --all").stdout.contains("logs   same"));
}

#[test]
fn orphans_are_listed_and_stay() {
    let local = Local::new();
    let orphan = local.repository.shard("logs", 1).join("__nobodys");
    std::fs::write(&orphan, b"12345").unwrap();
    let young = local.json("orphans", "").1;
    assert_eq!((&young["orphans"]["blobs"], &young["in_doubt"]["bytes"]), (&json!(0), &json!(5)));
    let ran = local.run("orphans", "--read-only");
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("orphan  unreferenced_data  1      5 B"), "{}", ran.stdout);
    assert!(ran.stdout.contains("orphans: 5 B in 1 blobs"), "{}", ran.stdout);
    let name = local.run("orphans", "-o name").stdout;
    assert!(name.starts_with("indices/") && name.ends_with("/1/__nobodys\n"), "{name}");
    assert!(orphan.exists());
}

#[test]
fn what_cannot_be_read_ends_with_4_after_all_else_was_shown() {
    let local = Local::new();
    for entry in std::fs::read_dir(local.repository.shard("shop", 0)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some() || path.file_name().unwrap().to_str().unwrap().starts_with("index-") {
            std::fs::write(path, b"damaged").unwrap();
        }
    }
    let ran = local.run("ls", "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stdout.contains("s2"), "{ran:?}");
    assert!(ran.stderr.contains("figures are too low"), "{ran:?}");
}
