//! What was checked before is not read again, and verdicts say what they rest on.

use super::super::estimate;
use super::*;
use crate::ledger::{BlobKey, Check, LedgerError};

async fn verify_at(
    fixture: &Fixture,
    ledger: &Arc<MemoryLedger>,
    change: impl FnOnce(&mut Options),
) -> Report {
    run(fixture.open().await, change, ledger.clone()).await
}

#[tokio::test]
async fn blobs_checked_since_are_not_read_again() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    let blobs = distinct(&fixture);
    let first = verify_at(&fixture, &ledger, |options| options.now = 1000).await;
    assert_eq!((first.read.blobs, first.read.blobs_by_ledger), (blobs, 0));
    let second = verify_at(&fixture, &ledger, |options| {
        (options.now, options.since) = (3000, Some(900));
    })
    .await;
    assert_eq!((second.read.blobs, second.read.blobs_by_ledger), (0, blobs));
    for snapshot in &second.snapshots {
        assert_eq!(
            (snapshot.level, snapshot.oldest_check),
            (Some(Level::Structure), Some(1000))
        );
    }
    assert!(second.complete);
    let third = verify_at(&fixture, &ledger, |options| {
        (options.now, options.since) = (4000, Some(2000));
    })
    .await;
    assert_eq!((third.read.blobs, third.read.blobs_by_ledger), (blobs, 0));
    assert_eq!(third.snapshots[0].oldest_check, Some(4000));
    let again = verify_at(&fixture, &ledger, |options| options.now = 5000).await;
    assert_eq!(again.read.blobs, blobs, "without a time everything is read");
}

#[tokio::test]
async fn a_check_from_the_future_vouches_for_nothing() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    let blobs = distinct(&fixture);
    verify_at(&fixture, &ledger, |options| options.now = 9000).await;
    let at_three = |options: &mut Options| (options.now, options.since) = (3000, Some(900));
    let report = verify_at(&fixture, &ledger, at_three).await;
    assert_eq!((report.read.blobs, report.read.blobs_by_ledger), (blobs, 0));
    let nothing_read = |options: &mut Options| {
        at_three(options);
        options.budget_bytes = Some(0);
    };
    let ledger = Arc::new(MemoryLedger::default());
    verify_at(&fixture, &ledger, |options| options.now = 9000).await;
    let report = verify_at(&fixture, &ledger, nothing_read).await;
    assert_eq!(report.snapshots[0].level, Some(Level::Presence));
    assert!(!report.complete);
}

#[tokio::test]
async fn a_blob_that_failed_is_read_again_each_time() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    flip(&fixture.blob(), 200);
    for now in [1000, 2000] {
        let report = verify_at(&fixture, &ledger, |options| {
            (options.now, options.since) = (now, Some(900))
        })
        .await;
        assert_eq!(only(&report).kind, Kind::ChecksumMismatch);
        assert_eq!(
            report.read.blobs,
            if now == 1000 { distinct(&fixture) } else { 1 }
        );
    }
}

#[tokio::test]
async fn runs_within_a_budget_add_up_to_the_whole() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    let blobs = distinct(&fixture);
    for run in 0..blobs {
        let report = verify_at(&fixture, &ledger, |options| {
            (options.budget_bytes, options.concurrency) = (Some(1), 1);
            (options.now, options.since) = (1000 + run as i64, Some(1000));
        })
        .await;
        assert_eq!((report.read.blobs, report.read.blobs_by_ledger), (1, run));
        assert_eq!(report.complete, run == blobs - 1);
        let levels: Vec<_> = report
            .snapshots
            .iter()
            .map(|snapshot| snapshot.level.unwrap())
            .collect();
        let whole = levels == [Level::Structure; 2];
        assert_eq!(whole, run == blobs - 1, "{levels:?}");
        assert_eq!(verdicts(&report), GOOD, "as far as the level looked");
    }
}

#[tokio::test]
async fn the_parts_of_a_subset_add_up_to_the_whole() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    let mut read = 0;
    for part in 1..=3 {
        let report = verify_at(&fixture, &ledger, |options| options.subset = Some((part, 3))).await;
        assert!(!report.complete);
        read += report.read.blobs;
    }
    assert_eq!(read, distinct(&fixture));
    let report = verify_at(&fixture, &ledger, |options| options.since = Some(0)).await;
    assert_eq!((report.read.blobs, report.complete), (0, true));
}

#[tokio::test]
async fn a_lesser_check_counts_for_what_it_is() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    verify_at(&fixture, &ledger, |options| options.level = Level::Fingerprint).await;
    let report = verify_at(&fixture, &ledger, |options| {
        (options.level, options.budget_bytes) = (Level::Checksum, Some(0));
    })
    .await;
    assert_eq!(report.snapshots[0].level, Some(Level::Fingerprint));
}

#[tokio::test]
async fn an_estimate_says_what_is_then_read() {
    let (fixture, ledger) = (Fixture::new(), Arc::new(MemoryLedger::default()));
    let mut options = testing::options();
    let before = estimate(fixture.open().await, options.clone(), ledger.clone()).await;
    let report = verify_at(&fixture, &ledger, |asked| *asked = options.clone()).await;
    assert_eq!((before.blobs, before.blobs_by_ledger), (report.read.blobs, 0));
    assert_eq!(
        before.metadata_requests + before.data_requests,
        report.read.requests
    );
    let unread = unread_by_an_estimate(&fixture);
    assert_eq!(
        before.metadata_bytes + before.data_bytes + unread,
        report.read.bytes
    );
    assert_eq!(before.structure_bytes, 0);
    options.since = Some(0);
    let after = estimate(fixture.open().await, options.clone(), ledger.clone()).await;
    assert_eq!((after.data_bytes, after.blobs_by_ledger), (0, report.read.blobs));
    // The ledger vouches for no structure.
    options.level = Level::Structure;
    let after = estimate(fixture.open().await, options, ledger).await;
    let small = ["mixed", "updated", "sorted", "sorted"].map(|name| index(8, name));
    let small = small
        .iter()
        .flatten()
        .filter(|(name, _)| [".cfe", ".fnm", ".liv"].iter().any(|end| name.ends_with(end)));
    let small: u64 = small.map(|(_, bytes)| bytes.len() as u64).sum();
    assert_eq!((after.data_bytes, after.structure_bytes), (0, small));
}

/// Bytes of the metadata that an estimate does not read: the snapshots' own blobs, and the shards' generations.
fn unread_by_an_estimate(fixture: &Fixture) -> u64 {
    let shards =
        [("logs", 0), ("logs", 1), ("books", 0)].map(|(index, shard)| fixture.repository.shard(index, shard));
    let within = |directory: &Path, starts: &[&str]| -> u64 {
        let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
        let named = entries.filter(|entry| {
            let name = entry.file_name().into_string().unwrap();
            starts.iter().any(|start| name.starts_with(start))
        });
        named.map(|entry| entry.metadata().unwrap().len()).sum()
    };
    let generations: u64 = shards.iter().map(|shard| within(shard, &["index-"])).sum();
    generations + within(fixture.path(), &["snap-", "meta-"])
}

#[tokio::test]
async fn only_what_was_asked_for_is_looked_at() {
    let fixture = Fixture::new();
    let report = fixture.verify_with(|options| options.latest = true).await;
    assert_eq!(verdicts(&report), ["two: restorable []"]);
    let report = fixture
        .verify_with(|options| options.indices = vec!["b*".into()])
        .await;
    assert!(
        report
            .snapshots
            .iter()
            .all(|snapshot| snapshot.indices.len() == 1)
    );
    let report = fixture
        .verify_with(|options| options.snapshots = vec!["none".into()])
        .await;
    assert_eq!(report.verdict, super::super::verdict::Verdict::Unknown);
}

#[tokio::test]
async fn a_snapshot_without_the_asked_indices_is_not_called_restorable() {
    let mut fixture = Fixture::new();
    fixture
        .repository
        .take("three", 9000, &[("films", &[&index(8, "sorted")])]);
    for level in [Level::Root, Level::Metadata, Level::Structure] {
        let films = |options: &mut Options| (options.level, options.indices) = (level, vec!["films".into()]);
        let report = fixture.verify_with(films).await;
        assert_eq!(verdicts(&report), ["three: restorable []"], "{level:?}");
        assert!(report.complete);
        let named = |options: &mut Options| {
            films(options);
            options.snapshots = vec!["one".into(), "three".into()];
        };
        let report = fixture.verify_with(named).await;
        assert_eq!(
            verdicts(&report),
            ["one: unknown []", "three: restorable []"],
            "{level:?}"
        );
        assert_eq!(
            report.snapshots[0].why,
            ["it holds none of the indices that were asked for"]
        );
    }
    // A snapshot whose own blob is lost may hold some.
    std::fs::remove_file(fixture.path().join(format!("snap-{}.dat", fixture.uuid("one")))).unwrap();
    let report = fixture
        .verify_with(|options| options.indices = vec!["films".into()])
        .await;
    assert_eq!(
        verdicts(&report),
        ["one: not_restorable []", "three: restorable []"]
    );
}

/// Vouches for everything, and deletes a blob before it does.
struct Deleting(PathBuf);

#[async_trait::async_trait]
impl Ledger for Deleting {
    async fn last(&self, level: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>, LedgerError> {
        let _ = std::fs::remove_file(&self.0);
        Ok(vec![Some(Check { level, at: 999_999 }); keys.len()])
    }

    async fn record(&self, _: &[(BlobKey, Check)]) -> Result<(), LedgerError> {
        Ok(())
    }

    async fn flush(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_structure_that_cannot_be_read_is_not_claimed() {
    let fixture = Fixture::new();
    let files = index(8, "mixed");
    let name = files.keys().find(|name| name.ends_with(".cfe")).unwrap();
    let blob = fixture.repository.blob("logs", 0, name);
    let ledger = Arc::new(Deleting(blob.clone()));
    let one_shard_after_another = |options: &mut Options| {
        (options.since, options.indices, options.concurrency) = (Some(10), vec!["logs".into()], 1);
    };
    let report = run(fixture.open().await, one_shard_after_another, ledger).await;
    let expected = (Severity::Error, Kind::BlobMissing, named(&fixture, &blob));
    let found = report.findings.iter();
    let found: Vec<_> = found
        .map(|found| (found.severity, found.kind, found.blob.clone()))
        .collect();
    assert!(found.contains(&expected), "{:#?}", report.findings);
    assert!(
        verdicts(&report)[0].starts_with("one: not_restorable [logs]"),
        "{:?}",
        verdicts(&report)
    );
}
