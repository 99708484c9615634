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
