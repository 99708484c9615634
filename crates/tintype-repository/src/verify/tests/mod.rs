//! Whole repositories on disk, damaged, verified.

mod data;
mod forms;
mod ledger;
mod metadata;
mod moving;
mod open;

use super::options::Options;
use super::report::Report;
use super::{Progress, testing, verify};
use crate::Level;
use crate::finding::{Finding, Kind, Severity};
use crate::ledger::{Ledger, MemoryLedger};
use crate::repository::Repository;
use crate::source::{Access, Source};
use crate::testing::Synthetic;
use crate::testing::lucene::{Files, index};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Two snapshots, `one` and `two`, of `logs` (two shards, of which the first changed between them) and `books`.
struct Fixture {
    repository: Synthetic,
    _directory: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut repository = Synthetic::new(&directory.path().join("repo"));
        let (mixed, updated, sorted) = (index(8, "mixed"), index(8, "updated"), index(8, "sorted"));
        repository.take(
            "one",
            1000,
            &[("logs", &[&mixed, &sorted]), ("books", &[&sorted])],
        );
        repository.take(
            "two",
            5000,
            &[("logs", &[&updated, &sorted]), ("books", &[&sorted])],
        );
        Self {
            repository,
            _directory: directory,
        }
    }

    fn path(&self) -> &Path {
        self.repository.root()
    }

    /// The uuid of a snapshot.
    fn uuid(&self, name: &str) -> String {
        let root = self.root();
        let snapshots = root["snapshots"].as_array().unwrap();
        let found = snapshots
            .iter()
            .find(|snapshot| snapshot["name"] == name)
            .unwrap();
        found["uuid"].as_str().unwrap().to_owned()
    }

    fn root_path(&self) -> PathBuf {
        let is_root = |path: &PathBuf| crate::repository::generation(path.to_str().unwrap()).is_some();
        let all = std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        all.filter(is_root).max().unwrap()
    }

    fn root(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.root_path()).unwrap()).unwrap()
    }

    fn change_root(&self, change: impl FnOnce(&mut Value)) {
        let mut root = self.root();
        change(&mut root);
        std::fs::write(self.root_path(), root.to_string()).unwrap();
    }

    /// The first blob of data that only `one` has, of the first shard of `logs`.
    fn blob(&self) -> PathBuf {
        let name = |end: &str| {
            index(8, "mixed")
                .into_keys()
                .find(|name| name.ends_with(end))
                .unwrap()
        };
        self.repository.blob("logs", 0, &name(".cfs"))
    }

    async fn open(&self) -> Arc<Repository> {
        let source = Source::open(self.path().to_str().unwrap(), &Access::default()).unwrap();
        Arc::new(Repository::open(source).await.unwrap())
    }

    async fn verify(&self) -> Report {
        self.verify_with(|_| {}).await
    }

    async fn verify_with(&self, change: impl FnOnce(&mut Options)) -> Report {
        run(self.open().await, change, Arc::new(MemoryLedger::default())).await
    }
}

/// At level structure unless changed.
async fn run(
    repository: Arc<Repository>,
    change: impl FnOnce(&mut Options),
    ledger: Arc<dyn Ledger>,
) -> Report {
    let mut options = testing::options();
    options.level = Level::Structure;
    change(&mut options);
    verify(repository, options, ledger, Arc::new(Progress::default())).await
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn swap(a: &Path, b: &Path) {
    let (first, second) = (std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
    std::fs::write(a, second).unwrap();
    std::fs::write(b, first).unwrap();
}

/// What is found, without the words.
fn kinds(report: &Report) -> Vec<(Severity, Kind)> {
    report
        .findings
        .iter()
        .map(|found| (found.severity, found.kind))
        .collect()
}

/// The only finding.
fn only(report: &Report) -> &Finding {
    let [found] = &report.findings[..] else {
        panic!("{:#?}", report.findings);
    };
    found
}

/// Each snapshot's indices that are not restorable, and the snapshot's verdict, as `one: in_part [logs]`.
fn verdicts(report: &Report) -> Vec<String> {
    let snapshots = report.snapshots.iter().map(|snapshot| {
        let is_bad =
            |index: &&super::report::IndexReport| index.verdict != super::verdict::Verdict::Restorable;
        let bad: Vec<&str> = snapshot
            .indices
            .iter()
            .filter(is_bad)
            .map(|index| &*index.name)
            .collect();
        let verdict = serde_json::to_value(snapshot.verdict).unwrap();
        format!(
            "{}: {} [{}]",
            snapshot.name,
            verdict.as_str().unwrap(),
            bad.join(" ")
        )
    });
    snapshots.collect()
}

const GOOD: [&str; 2] = ["one: restorable []", "two: restorable []"];

/// A path as findings name it.
fn named(fixture: &Fixture, path: &Path) -> String {
    path.strip_prefix(fixture.path())
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_healthy_repository_has_no_findings_at_any_level() {
    let fixture = Fixture::new();
    for level in [
        Level::Root,
        Level::Metadata,
        Level::Presence,
        Level::Fingerprint,
        Level::Checksum,
        Level::Structure,
    ] {
        let report = fixture.verify_with(|options| options.level = level).await;
        assert_eq!(report.findings, [], "{level:?}");
        assert_eq!(verdicts(&report), GOOD, "{level:?}");
        assert!(report.complete);
        for snapshot in &report.snapshots {
            assert_eq!(
                (snapshot.level, snapshot.oldest_check),
                (Some(level), Some(1_000_000))
            );
        }
    }
}

#[tokio::test]
async fn what_a_snapshot_holds_is_told() {
    let report = Fixture::new().verify().await;
    let snapshot = &report.snapshots[1];
    let names: Vec<&str> = snapshot.indices.iter().map(|index| &*index.name).collect();
    assert_eq!((snapshot.name.as_str(), names), ("two", vec!["books", "logs"]));
    assert_eq!(snapshot.engine.as_deref(), Some("Elasticsearch 7.17.29"));
    let logs = &snapshot.indices[1];
    let bytes = |files: &Files| files.values().map(|bytes| bytes.len() as u64).sum::<u64>();
    assert_eq!(logs.shards, 2);
    assert_eq!(
        logs.bytes,
        bytes(&index(8, "updated")) + bytes(&index(8, "sorted"))
    );
    assert!(logs.documents.unwrap() > snapshot.indices[0].documents.unwrap());
    assert_eq!(&*logs.restored_by[0], "Elasticsearch 7.17 to 8.x");
    // Each blob is read once, though both snapshots have it.
    assert_eq!(
        report.read.blobs,
        report.read.blobs.min(distinct(&Fixture::new()))
    );
}

/// How many data blobs there are.
fn distinct(fixture: &Fixture) -> u64 {
    let shards =
        [("logs", 0), ("logs", 1), ("books", 0)].map(|(index, shard)| fixture.repository.shard(index, shard));
    let names = shards.iter().flat_map(|shard| std::fs::read_dir(shard).unwrap());
    let is_data = |name: std::ffi::OsString| name.to_str().unwrap().starts_with("__");
    names
        .filter(|entry| is_data(entry.as_ref().unwrap().file_name()))
        .count() as u64
}
