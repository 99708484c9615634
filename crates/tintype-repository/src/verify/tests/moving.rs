//! Repositories that an engine writes while they are verified.

use super::super::verdict::Verdict;
use super::*;

#[tokio::test]
async fn a_snapshot_taken_meanwhile_is_no_alarm() {
    let mut fixture = Fixture::new();
    let pinned = fixture.open().await;
    let sorted = index(8, "sorted");
    // It replaces every generation, and the root.
    fixture.repository.take(
        "three",
        9000,
        &[("logs", &[&sorted, &sorted]), ("books", &[&sorted])],
    );
    let report = run(pinned.clone(), |_| {}, Arc::new(MemoryLedger::default())).await;
    assert_eq!(report.findings, []);
    assert_eq!(
        (verdicts(&report), report.generation, report.newest),
        (GOOD.map(str::to_owned).to_vec(), 2, Some(3))
    );
    assert!(pinned.has_moved().await.unwrap());
}

#[tokio::test]
async fn a_snapshot_deleted_meanwhile_is_unknown_and_no_alarm() {
    let fixture = Fixture::new();
    let pinned = fixture.open().await;
    let (uuid, blob) = (fixture.uuid("one"), fixture.blob());
    let mut root = fixture.root();
    root["snapshots"].as_array_mut().unwrap().remove(0);
    for index in ["logs", "books"] {
        root["indices"][index]["snapshots"]
            .as_array_mut()
            .unwrap()
            .remove(0);
    }
    std::fs::write(fixture.path().join("index-3"), root.to_string()).unwrap();
    std::fs::write(fixture.path().join("index.latest"), 3_i64.to_be_bytes()).unwrap();
    std::fs::remove_file(blob).unwrap();
    for directory in ["", "logs", "books"] {
        let path = match directory {
            "" => fixture.path().to_owned(),
            index => fixture.repository.shard(index, 0),
        };
        std::fs::remove_file(path.join(format!("snap-{uuid}.dat"))).unwrap();
    }
    let report = run(pinned, |_| {}, Arc::new(MemoryLedger::default())).await;
    assert_eq!(kinds(&report), [(Severity::Note, Kind::Changed)]);
    assert_eq!((report.generation, report.newest), (2, Some(3)));
    assert_eq!(
        verdicts(&report),
        ["one: unknown [books logs]", "two: restorable []"]
    );
    assert_eq!(
        report.snapshots[0].indices[0].why.as_deref(),
        Some("deleted meanwhile")
    );
}

/// The blob that lists an index's directories goes with the last snapshot of the index.
#[tokio::test]
async fn an_index_with_hashed_paths_that_is_deleted_meanwhile_is_no_alarm() {
    let mut fixture = Fixture::new();
    let sorted = index(8, "sorted");
    fixture.repository.take("three", 9000, &[("hashed", &[&sorted])]);
    fixture.change_root(|root| root["indices"]["hashed"]["shard_path_type"] = 2.into());
    let report = fixture.verify().await;
    let paths = |found: &&Finding| found.blob.starts_with("snapshot_shard_paths/");
    let missing: Vec<_> = report.findings.iter().filter(paths).collect();
    assert_eq!(
        (missing.len(), &*missing[0].snapshots),
        (1, &["three".to_owned()][..])
    );
    let pinned = fixture.open().await;
    let mut root = fixture.root();
    root["snapshots"].as_array_mut().unwrap().pop();
    root["indices"].as_object_mut().unwrap().remove("hashed");
    std::fs::write(fixture.path().join("index-4"), root.to_string()).unwrap();
    std::fs::write(fixture.path().join("index.latest"), 4_i64.to_be_bytes()).unwrap();
    let report = run(pinned, |_| {}, Arc::new(MemoryLedger::default())).await;
    assert_eq!(kinds(&report), [(Severity::Note, Kind::Changed)]);
}

#[tokio::test]
async fn what_is_lost_stays_lost_when_only_others_were_deleted() {
    let mut fixture = Fixture::new();
    let pinned = fixture.open().await;
    std::fs::remove_file(fixture.blob()).unwrap();
    fixture
        .repository
        .take("three", 9000, &[("books", &[&index(8, "sorted")])]);
    let report = run(pinned, |_| {}, Arc::new(MemoryLedger::default())).await;
    assert_eq!(kinds(&report), [(Severity::Error, Kind::BlobMissing)]);
    assert_eq!(report.snapshots[0].verdict, Verdict::InPart);
}

#[tokio::test]
async fn what_was_stopped_is_unknown_and_not_complete() {
    let fixture = Fixture::new();
    let progress = Arc::new(Progress::default());
    progress.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let ledger = Arc::new(MemoryLedger::default());
    let report = verify(fixture.open().await, testing::options(), ledger, progress).await;
    assert!(!report.complete);
    assert_eq!(
        verdicts(&report),
        ["one: unknown [books logs]", "two: unknown [books logs]"]
    );
}
