//! What is wrong with a command line or with what lies there gets an error that says so.

use super::{Local, NOWHERE, run};

/// Runs a line, and checks its exit code and that its error says each of these.
fn says(line: &str, code: i32, parts: &[&str]) {
    let ran = run(NOWHERE, line);
    assert_eq!(ran.code, code, "{line}: {ran:?}");
    for part in parts {
        assert!(
            ran.stderr.contains(part),
            "{line}: {part} is not in {}",
            ran.stderr
        );
    }
    assert_eq!(ran.stdout, "", "{line}");
}

#[test]
fn a_name_is_no_location() {
    for verb in ["verify", "ls", "du", "orphans"] {
        says(
            &format!("repository {verb} backups"),
            2,
            &["./backups", "s3://bucket/path"],
        );
    }
    says("repository diff backups a b", 2, &["./backups"]);
    says("repository show backups a", 2, &["./backups"]);
    says(
        "repository show ./backups",
        2,
        &["which snapshot?", "repository ls ./backups"],
    );
}

#[test]
fn a_place_without_a_repository_says_what_was_found() {
    let local = Local::new();
    let url = local.url();
    says(&format!("repository ls {url}/missing"), 4, &["missing"]);
    let empty = local.directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for verb in ["ls", "verify --no-ledger"] {
        says(
            &format!("repository {verb} {}", empty.display()),
            4,
            &["is empty or not there"],
        );
    }
}

#[test]
fn a_path_one_level_off_says_where_the_repository_is() {
    let local = Local::new();
    let repository = local.repository.root().canonicalize().unwrap();
    let (parent, repository) = (repository.parent().unwrap().display(), repository.display());
    for verb in ["ls", "verify --no-ledger"] {
        says(
            &format!("repository {verb} {parent}"),
            4,
            &[&format!("use file://{repository}\n")],
        );
        says(
            &format!("repository {verb} {repository}/indices"),
            4,
            &[&format!(
                "file://{repository}/indices is inside of a repository: the repository is at {repository}\n"
            )],
        );
    }
}

#[test]
fn without_its_root_a_repository_cannot_be_read() {
    let local = Local::new();
    let url = local.url();
    let root = local.repository.root().join("index-2");
    let refused = |part: &str| {
        for verb in ["ls", "du", "orphans", "verify --no-ledger --estimate"] {
            says(
                &format!("repository {verb} {url}"),
                4,
                &[part, "no snapshot can be found"],
            );
        }
        says(&format!("repository show {url} s1"), 4, &[part]);
        says(&format!("repository diff {url} s1 s2"), 4, &[part]);
    };
    std::fs::write(&root, b"{\"snapshots\":").unwrap();
    refused("index-2: is not JSON");
    std::fs::remove_file(&root).unwrap();
    refused("the root is lost");
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
    says(
        "repository orphans /tmp/r --grace 1d --read-only",
        2,
        &["cannot be used with"],
    );
    says("repository du /tmp/r --older-than soon", 2, &["30d"]);
    says("repository ls ftp://host/path", 2, &["ftp"]);
}

#[test]
fn a_ledger_that_is_none_is_usage() {
    let local = Local::new();
    let url = local.url();
    let other = local.directory.path().join("notes.txt");
    std::fs::write(
        &other,
        b"these are notes, and more than one record of a ledger is long",
    )
    .unwrap();
    says(
        &format!("repository verify {url} --ledger {}", other.display()),
        2,
        &["--ledger", "not a ledger"],
    );
    // Without a home there is no usual place.
    says(
        &format!("repository verify {url}"),
        2,
        &["XDG_STATE_HOME", "--no-ledger"],
    );
}

#[test]
fn errors_are_json_where_data_is() {
    let ran = run(NOWHERE, "repository ls /nowhere/at/all -o json");
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(
        (&error["errors"][0]["code"], &error["exit_code"]),
        (&"cli.unknown".into(), &4.into())
    );
}
