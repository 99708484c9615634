//! A verification that a signal ended: what it had read is not read again.

use super::NOWHERE;
use crate::scripted::{Ran, tintype};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;
use tempfile::TempDir;
use tintype_testkit::synthetic::{Shape, write};

/// 8 MiB in 64 shards, of which each is in the ledger as soon as it was read.
const SHAPE: Shape = Shape {
    indices: 8,
    shards: 8,
    segments: 2,
    segment_bytes: 64 << 10,
    linked: false,
};

/// Each segment has two.
const BLOBS: u64 = (SHAPE.indices * SHAPE.shards * SHAPE.segments * 2) as u64;

/// More than a shard, and so little that all of them take more than a minute.
const RATE: &str = "128KiB";

/// A ledger's records, and what it begins with, are of this length.
const RECORD: u64 = 32;

struct Ground {
    directory: TempDir,
}

impl Ground {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        write(&directory.path().join("repository"), &SHAPE).unwrap();
        Self { directory }
    }

    fn ledger(&self) -> PathBuf {
        self.directory.path().join("ledger")
    }

    fn command(&self, rest: &str) -> Command {
        let path = self.directory.path().display();
        let line = format!("repository verify {path}/repository --ledger {path}/ledger -o json {rest}");
        let mut command = tintype(NOWHERE, &line);
        command.env("HOME", self.directory.path());
        command
    }

    /// How many checks the ledger holds; one that was torn is none.
    fn checks(&self) -> u64 {
        let length = std::fs::metadata(self.ledger()).map_or(0, |found| found.len());
        (length / RECORD).saturating_sub(1)
    }

    /// A verification that has read some blobs and not all.
    fn begun(&self) -> Child {
        let mut child = self
            .command(&format!("--rate {RATE} --concurrency 1"))
            .spawn()
            .unwrap();
        while self.checks() == 0 {
            assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    }

    /// That the next one reads what is not in the ledger, and nothing else.
    fn assert_goes_on(&self) {
        let known = self.checks();
        assert!((1..BLOBS).contains(&known), "{known}");
        let ran: Ran = self.command("--max-age 1d").output().unwrap().into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let read = &report["read"];
        assert_eq!(
            (read["blobs"].as_u64(), read["blobs_by_ledger"].as_u64()),
            (Some(BLOBS - known), Some(known)),
            "{read}"
        );
        assert_eq!(report["verdict"], "restorable", "{}", report["findings"]);
        assert_eq!(report["complete"], true);
    }
}

#[test]
fn what_was_read_before_a_kill_is_not_read_again() {
    let ground = Ground::new();
    let mut child = ground.begun();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "SIGKILL ended it");
    ground.assert_goes_on();
}

#[test]
fn a_signal_leaves_a_report_and_130() {
    for signal in ["-INT", "-TERM"] {
        let ground = Ground::new();
        let child = ground.begun();
        let killed = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let ran: Ran = child.wait_with_output().unwrap().into();
        assert_eq!(ran.code, 130, "{signal}: {}", ran.stderr);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["complete"], false);
        assert_eq!(report["read"]["blobs"].as_u64(), Some(ground.checks()));
        assert!(ran.stderr.contains("cli.interrupted"), "{}", ran.stderr);
        ground.assert_goes_on();
    }
}
