//! `verify`: exit codes, reports, the ledger.

use super::{Local, files, fits, lines};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Command;
use tintype_testkit::schema::Schema;

#[test]
fn a_healthy_repository_is_restorable() {
    let local = Local::new();
    let before = files(local.repository.root());
    let (code, report) = local.json("verify", "");
    assert_eq!(code, 0, "{report}");
    assert_eq!(Schema::load("verify-1").faults(&report), [""; 0]);
    assert_eq!(
        (&report["verdict"], &report["level"]),
        (&json!("restorable"), &json!("structure"))
    );
    assert_eq!(
        (&report["findings"], &report["complete"]),
        (&json!([]), &json!(true))
    );
    let documents: Vec<_> = report["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|snapshot| {
            snapshot["indices"]
                .as_array()
                .unwrap()
                .iter()
                .map(|index| index["documents"].as_u64().unwrap())
                .sum::<u64>()
        })
        .collect();
    assert_eq!(documents, [138, 140]);
    assert_eq!(files(local.repository.root()), before);
    let table = local.run("verify", "");
    assert_eq!(
        (table.code, table.stdout.ends_with("verdict: restorable\n")),
        (0, true),
        "{table:?}"
    );
    assert_eq!(local.run("verify", "-o name").stdout, "s1\ns2\n");
}

#[test]
fn a_flipped_byte_is_named_with_the_snapshots_that_it_costs() {
    let local = Local::new();
    let path = local.damage("shop", 0, "_3.cfs");
    let (code, report) = local.json("verify", "");
    assert_eq!(code, 3);
    assert_eq!(Schema::load("verify-1").faults(&report), [""; 0]);
    let finding = &report["findings"][0];
    assert!(
        path.to_str()
            .unwrap()
            .ends_with(finding["blob"].as_str().unwrap()),
        "{finding}"
    );
    assert_eq!(
        (&finding["severity"], &finding["index"], &finding["shard"]),
        (&json!("error"), &json!("shop"), &json!(0))
    );
    assert_eq!(finding["snapshots"], json!(["s2"]));
    let verdicts = [0, 1].map(|at| report["snapshots"][at]["verdict"].clone());
    assert_eq!(verdicts, ["restorable", "in_part"]);
    let ran = local.run("verify", "");
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr
            .contains("1 of 2 snapshots cannot be restored whole: s2"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stdout.contains("index shop, shard 0; lost in s2"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("verdict: in part\n"), "{}", ran.stdout);
    // Its names are those that can be restored whole.
    let names = local.run("verify", "-o name");
    assert_eq!((names.code, names.stdout.as_str()), (3, "s1\n"));
    // What is not looked at is no finding.
    for options in ["--snapshot s1", "--index logs", "--level presence"] {
        assert_eq!(local.run("verify", options).code, 0, "{options}");
    }
    assert_eq!(local.run("verify", "--latest --level l3").code, 3);
}

#[test]
fn a_damaged_or_lost_root_is_damage_and_has_a_report() {
    let local = Local::new();
    let root = local.repository.root().join("index-2");
    let whole = std::fs::read(&root).unwrap();
    let mut garbled = whole.clone();
    garbled[0] ^= 0x80;
    for (damage, kind, what) in [
        (Some(&whole[..40]), "metadata_damaged", "index-2: is not JSON"),
        (Some(&garbled[..]), "metadata_damaged", "index-2: is not JSON"),
        (None, "blob_missing", "index-2: is not there"),
    ] {
        match damage {
            Some(bytes) => std::fs::write(&root, bytes).unwrap(),
            None => std::fs::remove_file(&root).unwrap(),
        }
        let (code, report) = local.json("verify", "");
        assert_eq!(code, 3, "{report}");
        assert_eq!(Schema::load("verify-1").faults(&report), [""; 0]);
        assert_eq!(
            (&report["verdict"], &report["complete"], &report["generation"]),
            (&json!("not_restorable"), &json!(false), &json!(2))
        );
        let [finding] = &report["findings"].as_array().unwrap()[..] else {
            panic!("{report}");
        };
        assert_eq!(
            (&finding["severity"], &finding["kind"], &finding["blob"]),
            (&json!("error"), &json!(kind), &json!("index-2"))
        );
        let text = local.run("verify", "");
        assert_eq!(text.code, 3, "{text:?}");
        assert!(
            text.stdout.contains(&format!("\nerror {kind} (1)\n  {what}")),
            "{}",
            text.stdout
        );
        assert!(
            text.stdout.ends_with("verdict: not restorable\n"),
            "{}",
            text.stdout
        );
        assert!(
            text.stderr.contains(&format!("nothing can be restored: {what}")),
            "{}",
            text.stderr
        );
        let ran = local.run("verify", "-o ndjson");
        let kinds: Vec<Value> = lines(&ran.stdout)
            .iter()
            .map(|line| line["type"].clone())
            .collect();
        assert_eq!((ran.code, kinds), (3, vec![json!("finding"), json!("summary")]));
        let names = local.run("verify", "-o name");
        assert_eq!((names.code, names.stdout.as_str()), (3, ""));
    }
    std::fs::write(&root, whole).unwrap();
    assert_eq!(local.run("verify", "").code, 0);
}

#[test]
fn a_part_of_the_data_in_which_nothing_was_read_proves_nothing() {
    let local = Local::new();
    let nothing = "no data blob was read, and the ledger vouches for none";
    for options in ["--budget 1ns", "--subset 1/1000000"] {
        let ran = local.run("verify", &format!("--no-ledger {options}"));
        assert_eq!(ran.code, 4, "{options}: {ran:?}");
        assert!(ran.stderr.contains(nothing), "{options}: {}", ran.stderr);
        // No bytes of it are asked for there.
        let shallow = local.run("verify", &format!("--no-ledger --level presence {options}"));
        assert_eq!(shallow.code, 0, "{options}: {shallow:?}");
    }
    let part = local.run("verify", "--budget 1B");
    assert_eq!(part.code, 0, "{part:?}");
    assert!(part.stdout.contains("not complete"), "{}", part.stdout);
    // What the ledger vouches for need not be read.
    assert_eq!(local.run("verify", "--budget 1ns --max-age 1d").code, 0);
}

#[test]
fn an_index_that_the_root_does_not_give_to_a_snapshot_is_told_once() {
    let local = Local::new();
    local.change_root(|root| {
        let only_the_first = root["snapshots"][0]["uuid"].clone();
        root["indices"]["logs"]["snapshots"] = json!([only_the_first]);
    });
    let ran = local.run("verify", "--no-ledger");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let told = "\n  index logs: the root does not give it to the snapshot\n";
    assert_eq!(ran.stdout.matches(told).count(), 1, "{}", ran.stdout);
}

#[test]
fn a_snapshot_without_the_asked_indices_is_no_proof() {
    let mut local = Local::new();
    let films = tintype_repository::testing::lucene::index(8, "sorted");
    local
        .repository
        .take("s3", super::FIRST + 2 * super::DAY, &[("films", &[&films])]);
    let names = local.run("verify", "--no-ledger --index films -o name");
    assert_eq!((names.code, names.stdout.as_str()), (0, "s3\n"));
    let named = local.run("verify", "--no-ledger --index films --snapshot s1");
    assert_eq!(named.code, 4, "{}", named.stderr);
    assert!(
        named.stdout.contains("it holds none of the indices"),
        "{}",
        named.stdout
    );
}

#[test]
fn what_is_not_supported_is_unknown() {
    let local = Local::new();
    local.change_root(|root| root["indices"]["logs"]["shard_path_type"] = 9.into());
    let (code, report) = local.json("verify", "");
    assert_eq!(code, 4, "{report}");
    assert_eq!(Schema::load("verify-1").faults(&report), [""; 0]);
    assert_eq!(report["verdict"], "unknown");
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["kind"] == "unsupported"),
        "{report}"
    );
}

#[test]
fn lines_have_a_type_and_fit_the_schema() {
    let local = Local::new();
    local.damage("logs", 0, "_0.cfs");
    let ran = local.run("verify", "-o ndjson");
    assert_eq!(ran.code, 3);
    let (lines, schema) = (lines(&ran.stdout), Schema::load("verify-1"));
    for line in &lines {
        assert_eq!(schema.faults_of_line(line), [""; 0], "{line}");
    }
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["snapshot", "snapshot", "finding"]);
    assert_eq!(kinds.last(), Some(&"summary"));
    let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&error["errors"][0]["code"], &error["exit_code"]),
        (&json!("cli.not_good"), &json!(3))
    );
}

#[test]
fn the_ledger_vouches_for_what_was_read_before() {
    let local = Local::new();
    let read = |options: &str| {
        let (code, report) = local.json("verify", options);
        assert_eq!(code, 0, "{report}");
        let read = &report["read"];
        (
            read["blobs"].as_u64().unwrap(),
            read["blobs_by_ledger"].as_u64().unwrap(),
        )
    };
    let (all, none) = read("--level checksum");
    assert_eq!(
        (none, local.home().join(".local/state/tintype/ledger").is_file()),
        (0, true)
    );
    assert_eq!(read("--level checksum --max-age 1d"), (0, all));
    // A later time makes what is there too old, and nothing is known without a ledger.
    assert_eq!(read("--level checksum --since 2999-01-01"), (all, 0));
    assert_eq!(read("--level checksum --max-age 1d --no-ledger"), (all, 0));
    // Damage that came later is known only to who reads again.
    local.damage("logs", 0, "_0.cfs");
    assert_eq!(local.run("verify", "--level checksum --max-age 1d").code, 0);
    assert_eq!(local.run("verify", "--level checksum").code, 3);
    // What failed is not vouched for by the look before it.
    assert_eq!(local.run("verify", "--level checksum --max-age 1d").code, 3);
}

#[test]
fn an_estimate_reads_no_data() {
    let local = Local::new();
    local.damage("logs", 0, "_0.cfs");
    let of = ("verify", "--estimate --no-ledger");
    let cost = fits(&local, of, "estimate-1", &["summary"]);
    let (_, report) = local.json("verify", "--level checksum --no-structure --no-ledger");
    assert_eq!(cost["blobs"], report["read"]["blobs"]);
    let bytes = ["metadata_bytes", "data_bytes"].map(|member| cost[member].as_u64().unwrap());
    assert!(bytes[0] > 0 && bytes[1] > 0, "{cost}");
    // All metadata but what is not read for it, and all data.
    assert!(
        bytes[0] + bytes[1] < report["read"]["bytes"].as_u64().unwrap(),
        "{cost}"
    );
    let table = local.run("verify", "--estimate --no-ledger");
    assert_eq!(table.code, 0, "{table:?}");
    for title in ["METADATA READ FOR THIS", "STRUCTURE"] {
        assert!(table.stdout.contains(title), "{}", table.stdout);
    }
}

#[test]
fn a_signal_leaves_a_report_and_130() {
    let kept = "is in the ledger: --max-age goes on from there";
    for (signal, ledger, says) in [
        ("-INT", "", kept),
        ("-TERM", "--no-ledger", "nothing is remembered"),
    ] {
        let local = Local::new();
        // So slow that it cannot end by itself.
        let mut child = local
            .command("verify", &format!("--rate 1B --concurrency 1 -o json {ledger}"))
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let reading = stderr.next().unwrap().unwrap();
        assert!(reading.starts_with("reading metadata"), "{reading}");
        let killed = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let rest: Vec<String> = stderr.map(Result::unwrap).collect();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}: {rest:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["complete"], false);
        assert!(
            rest.iter()
                .any(|line| line.contains("cli.interrupted") && line.contains(says)),
            "{rest:?}"
        );
        let ledger_is_there = local.home().join(".local/state/tintype/ledger").is_file();
        assert_eq!(ledger_is_there, ledger.is_empty());
    }
}
