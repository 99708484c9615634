//! What is wrong with a command line or with what lies there gets an error that says so.

use super::{Local, NOWHERE, run};

/// Runs a line, and checks its exit code and that its error says each of these.
fn says(line: &str, code: i32, parts: &[&str]) {
    let ran = run(NOWHERE, line);
    assert_eq!(ran.code, code, "{line}: {ran:?}");
    for part in parts {
        assert!(ran.stderr.contains(part), "{line}: {part} is not in {}", ran.stderr);
    }
    assert_eq!(ran.stdout, "", "{line}");
}

#[test]
fn a_name_is_no_location() {
    for verb in ["verify", "ls", "du", "orphans"] {
        says(&format!("repository {verb} backups"), 2, &["./backups", "s3://bucket/path"]);
    }
    says("repository diff backups a b", 2, &["./backups"]);
    says("repository show backups a", 2, &["./backups"]);
    says("repository show ./backups", 2, &["which snapshot?", "repository ls ./backups"]);
}

#[test]
fn a_place_without_a_repository_says_what_was_found() {
    let local = Local::new();
    let url = local.url();
    let parent = local.directory.path().to_str().unwrap();
    says(&format!("repository ls {url}/missing"), 4, &["missing"]);
    says(&format!("repository ls {parent}"), 4, &["repository"]);
    says(&format!("repository ls {url}/indices"), 4, &["index"]);
    std::fs::write(local.repository.root().join("index-2"), b"{\"snapshots\":").unwrap();
    says(&format!("repository ls {url}"), 4, &["index-2"]);
    says(&format!("repository verify {url} --no-ledger"), 4, &["index-2"]);
}

#[test]
fn a_snapshot_that_is_not_there_is_not_found() {
    let local = Local::new();
    let url = local.url();
    for line in [
        format!("repository show {url} s9"),
        format!("repository diff {url} s1 s9"),
        format!("repository verify {url} --snapshot s9 --no-ledger"),
    ] {
        says(&line, 4, &["\"s9\"", "repository ls"]);
    }
}

#[test]
fn options_that_cannot_be_meant_are_usage() {
    for (options, part) in [
        ("--level L9", "possible values"),
        ("--level structure --no-structure", "--level checksum"),
        ("--subset 8/7", "1/7"),
        ("--since never", "2026-11-28"),
        ("--since 1d --max-age 1d", "cannot be used with"),
        ("--latest --snapshot s1", "cannot be used with"),
        ("--budget much", "20GiB"),
        ("--rate 10MB/min", "500MB"),
        ("--concurrency 0", "1..=1024"),
        ("--ledger f --no-ledger", "cannot be used with"),
        ("--attestation f", "--trusted-key"),
    ] {
        says(&format!("repository verify /tmp/r {options}"), 2, &[part]);
    }
    says("repository orphans /tmp/r --grace 1d --read-only", 2, &["cannot be used with"]);
    says("repository du /tmp/r --older-than soon", 2, &["30d"]);
    says("repository ls ftp://host/path", 2, &["ftp"]);
}

#[test]
fn a_ledger_that_is_none_is_usage() {
    let local = Local::new();
    let url = local.url();
    let other = local.directory.path().join("notes.txt");
    std::fs::write(&other, b"these are notes, and more than one record of a ledger is long").unwrap();
    says(&format!("repository verify {url} --ledger {}", other.display()), 2, &["--ledger", "not a ledger"]);
    // Without a home there is no usual place.
    says(&format!("repository verify {url}"), 2, &["XDG_STATE_HOME", "--no-ledger"]);
}

#[test]
fn errors_are_json_where_data_is() {
    let ran = run(NOWHERE, "repository ls /nowhere/at/all -o json");
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!((&error["errors"][0]["code"], &error["exit_code"]), (&"cli.unknown".into(), &4.into()));
}
