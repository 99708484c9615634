//! `ls`, `show`, `du`, `diff` and `orphans`.

use super::{DAY, FIRST, Local, NOWHERE, files, fits, run};
use serde_json::{Value, json};
use tintype_repository::format::snapshot::{ShardFailure, Snapshot};
use tintype_repository::format::testing::{Packing, snapshot};
use tintype_repository::testing::lucene::Files;

#[test]
fn snapshots_are_listed_without_a_server() {
    let local = Local::new();
    let ran = local.run("ls", "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0][..4], ["SNAPSHOT", "STATE", "STARTED", "ENDED"]);
    assert_eq!(
        rows[1][..5],
        [
            "s1",
            "SUCCESS",
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:21Z",
            "2"
        ]
    );
    assert_eq!(rows[1][5..9], ["3", "of", "3", "138"]);
    assert_eq!(rows[1][11..], ["Elasticsearch", "7.17.29"]);
    assert_eq!(rows.len(), 3);
    assert_eq!(local.run("ls", "-o name").stdout, "s1\ns2\n");
}

/// Adds a third snapshot, without the index `logs`, of which the engine says that it failed to write a shard, and in which
/// `shop` is mounted from elsewhere; and a blob that nothing needs.
fn varied() -> Local {
    let mut local = Local::new();
    let mounted = json!({"index.store.type": "snapshot", "index.store.snapshot.snapshot_name": "far",
        "index.store.snapshot.repository_name": "away", "index.store.snapshot.index_name": "shop"});
    local.repository.change("shop", mounted, json!({"_doc": {}}));
    let none = Files::new();
    let started = FIRST + 2 * DAY;
    let uuid = local.repository.take("s3", started, &[("shop", &[&none])]);
    let own = Snapshot {
        name: "s3".into(),
        uuid: uuid.clone(),
        version_id: Some(7_172_999),
        indices: vec!["shop".into()],
        state: "PARTIAL".into(),
        failures: vec![ShardFailure {
            index: "shop".into(),
            shard: 1,
            reason: "no node".into(),
        }],
        started: Some(started),
        total_shards: 2,
        successful_shards: 1,
        user_metadata: Some(json!({"policy": "daily", "for": ["us"]})),
        ..Snapshot::default()
    };
    let blob = local.repository.root().join(format!("snap-{uuid}.dat"));
    std::fs::write(blob, snapshot(Packing::Plain, &own)).unwrap();
    std::fs::write(local.repository.shard("logs", 1).join("__nobodys"), b"12345").unwrap();
    local
}

#[test]
fn documents_and_lines_fit_their_schemas() {
    let local = varied();
    let of = |verb, rest, schema, kinds: &[&str]| fits(&local, (verb, rest), schema, kinds);
    let ls = of("ls", "", "ls-1", &["snapshot", "summary"]);
    assert_eq!(
        (&ls["generation"], &ls["snapshots"][2]["shards_failed"]),
        (&json!(3), &json!(1))
    );
    of("ls", "--no-shards", "ls-1", &["snapshot", "summary"]);
    let shown = of("show", "s1", "show-1", &["index", "summary"]);
    assert_eq!(
        shown["indices"][0]["restored_by"],
        json!(["Elasticsearch 7.17 to 8.x"])
    );
    let shown = of("show", "s3", "show-1", &["index", "failure", "summary"]);
    assert_eq!(shown["indices"][0]["mounted"]["snapshot"], "far");
    assert_eq!(shown["failures"][0]["reason"], "no node");
    of("du", "", "du-1", &["snapshot", "summary"]);
    let du = of("du", "--older-than 2023-11-16", "du-1", &["snapshot", "summary"]);
    assert_eq!(du["older"]["snapshots"], json!(["s1", "s2"]));
    let diff = of("diff", "s1 s2", "diff-1", &["index", "summary"]);
    assert_eq!(diff["indices"][0]["mappings"]["count"], 1);
    let diff = of("diff", "s2 s3 --all", "diff-1", &["index", "summary"]);
    assert_eq!(diff["indices"][0]["change"], "removed");
    let orphans = of("orphans", "", "orphans-1", &["orphan", "summary"]);
    assert_eq!(orphans["in_doubt"]["bytes"], 5);
    of(
        "verify",
        "--no-ledger",
        "verify-1",
        &["snapshot", "finding", "summary"],
    );
}

#[test]
fn yaml_is_the_document_as_json() {
    let local = Local::new();
    let (_, document) = local.json("ls", "");
    let yaml: Value = serde_yaml_ng::from_str(&local.run("ls", "-o yaml").stdout).unwrap();
    assert_eq!(yaml, document);
}

#[test]
fn nothing_is_written_to_the_repository_or_the_home() {
    let local = Local::new();
    let before = files(local.directory.path());
    for (verb, rest) in [
        ("ls", ""),
        ("show", "s1"),
        ("du", ""),
        ("diff", "s1 s2"),
        ("orphans", ""),
    ] {
        assert_eq!(local.run(verb, rest).code, 0);
    }
    assert_eq!(files(local.directory.path()), before);
}

#[test]
fn one_snapshot_is_shown_by_url_and_a_platform_repository_by_name() {
    let local = Local::new();
    let shown = local.run("show", "s2");
    for part in [
        "STATE          SUCCESS",
        "DOCUMENTS      140",
        "logs   2 of 2  111",
        "shop   1 of 1  29",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let (_, one) = local.json("show", "s1 --index sh*");
    assert_eq!(
        (
            one["indices"].as_array().unwrap().len(),
            &one["indices"][0]["name"]
        ),
        (1, &json!("shop"))
    );
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
    let total =
        bytes(&s1["unique"]["data_bytes"]) + bytes(&s2["unique"]["data_bytes"]) + bytes(&s1["shared_bytes"]);
    assert_eq!(s1["shared_bytes"], s2["shared_bytes"]);
    assert_eq!(bytes(&du["all"]["data_bytes"]), total);
    assert_eq!(du["older"]["snapshots"], json!(["s1"]));
    assert_eq!(du["older"]["frees"], s1["unique"]);
    assert_eq!(du["snapshots"][0]["started"], FIRST);
    let table = local.run("du", "--older-than 2023-11-16").stdout;
    assert!(
        table.contains("\ndeleting the 2 snapshots before 2023-11-16T00:00:00Z frees "),
        "{table}"
    );
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
    assert_eq!(
        (&young["orphans"]["blobs"], &young["in_doubt"]["bytes"]),
        (&json!(0), &json!(5))
    );
    let ran = local.run("orphans", "--read-only");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains("orphan  unreferenced_data  1      5 B"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("orphans: 5 B in 1 blobs"), "{}", ran.stdout);
    let name = local.run("orphans", "-o name").stdout;
    assert!(
        name.starts_with("indices/") && name.ends_with("/1/__nobodys\n"),
        "{name}"
    );
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
    let ls = fits(&local, ("ls", ""), "ls-1", &["snapshot", "summary"]);
    assert!(ls["unreadable"]["count"].as_u64() > Some(0), "{ls}");
}
