//! A shard of which not all snapshots could be looked at.

use super::*;
use crate::merge::MOST;
use crate::survey::shard::{Held, ShardFiles};

/// A position in the root.
fn position(survey: &Survey, index: &str) -> u32 {
    let indices = survey.repository.root.indices.iter();
    let found = indices.zip(0..).find(|(entry, _)| *entry.name == *index);
    found.unwrap().1
}

#[tokio::test]
async fn more_files_than_are_kept_are_told_and_left_out() {
    let fixture = Fixture::new();
    // Only then each snapshot's own blob is read.
    std::fs::write(fixture.generation("logs", 0), b"damaged").unwrap();
    let survey = fixture.survey().await;
    let logs = position(&survey, "logs");
    let read = async |most| ShardFiles::read(&survey.repository, logs, 0, most).await;

    let (files, unreadable) = read(1 << 10).await;
    let taken: Vec<u32> = files.snapshots.iter().map(|held| held.snapshot).collect();
    assert_eq!((&taken[..], &files.missed[..]), (&[0][..], &[1, 2][..]));
    assert_eq!(files.present, [0, 1, 2]);
    assert_eq!(unreadable.count, 2);
    let uuid = survey.repository.snapshot_uuid(1);
    for part in [uuid, "is not looked at", "choose fewer"] {
        assert!(unreadable.first[0].contains(part), "{part}: {unreadable:?}");
    }

    // As many snapshots as there are of the same files take what one takes.
    let (files, unreadable) = read(MOST).await;
    assert_eq!(
        (files.snapshots.len(), files.missed.len(), unreadable.count),
        (3, 0, 0)
    );
    assert_eq!(files.files.len(), fixture.mixed.len());
    let same = |held: &Held| Arc::ptr_eq(&held.files, &files.snapshots[0].files);
    assert!(files.snapshots.iter().all(same));
}

#[tokio::test]
async fn what_a_missed_snapshot_may_need_is_nobodys_alone() {
    let fixture = Fixture::new();
    let (mixed, sorted, updated) = (
        data(&fixture.mixed),
        data(&fixture.sorted),
        data(&fixture.updated),
    );
    // s1 and s2 share the shard, and only s1 tells of it.
    std::fs::write(fixture.generation("logs", 1), b"damaged").unwrap();
    std::fs::write(fixture.own("s2", "logs", 1).await, b"damaged").unwrap();
    let survey = fixture.survey().await;
    let du = survey.du(Some(FIRST + DAY)).await;
    let first = &du.snapshots[0];
    assert_eq!(
        (first.all.data_bytes, first.unique.data_bytes, first.shared_bytes),
        (mixed + sorted + updated, updated, mixed)
    );
    let older = du.older.as_ref().unwrap();
    assert_eq!(
        (&older.snapshots[..], older.frees.data_bytes),
        (&["s1".to_owned()][..], updated)
    );
    assert_eq!(du.unreadable.count, 1, "{:?}", du.unreadable);

    let ls = survey.ls(true).await;
    let documents: Vec<_> = ls.snapshots.iter().map(|row| row.documents).collect();
    assert_eq!(documents, [Some(82 + 29 + 27), None, Some(82 + 29)]);
}
