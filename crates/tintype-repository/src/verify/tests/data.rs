//! Damaged data blobs.

use super::*;
use crate::format::testing::reseal;

const LOST: [&str; 2] = ["one: in_part [logs]", "two: restorable []"];

#[tokio::test]
async fn a_flipped_bit_is_blamed_on_its_blob_and_loses_the_index_where_the_blob_is() {
    let fixture = Fixture::new();
    let blob = fixture.blob();
    flip(&blob, std::fs::metadata(&blob).unwrap().len() as usize / 2);
    let report = fixture.verify().await;
    let found = only(&report);
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, Kind::ChecksumMismatch)
    );
    assert_eq!(found.blob, named(&fixture, &blob));
    assert_eq!((found.index.as_deref(), found.shard), (Some("logs"), Some(0)));
    assert_eq!(found.snapshots, ["one"]);
    assert_ne!(found.expected, found.actual);
    assert_eq!(verdicts(&report), LOST);
    assert_eq!(
        report.snapshots[0].indices[1].why.as_deref(),
        Some("shard 0: a blob does not have the recorded checksum")
    );
    // The engine itself would not see it, nor does a look at the ends.
    let report = fixture
        .verify_with(|options| options.level = Level::Fingerprint)
        .await;
    assert_eq!(verdicts(&report), GOOD);
}

#[tokio::test]
async fn a_small_blob_is_read_once_for_its_checksum_and_its_structure() {
    let fixture = Fixture::new();
    let requests = async |level, structure| {
        let report = fixture.verify_with(|options| (options.level, options.structure) = (level, structure));
        report.await.read.requests
    };
    let checksums = requests(Level::Checksum, false).await;
    assert_eq!(requests(Level::Structure, false).await, checksums);
    assert_eq!(requests(Level::Fingerprint, true).await, checksums);
}

#[tokio::test]
async fn a_blob_that_two_snapshots_have_is_lost_to_both() {
    let fixture = Fixture::new();
    let name = index(8, "sorted").into_keys().find(|name| name.ends_with(".cfs"));
    let blob = fixture.repository.blob("books", 0, &name.unwrap());
    flip(&blob, 100);
    let report = fixture.verify().await;
    assert_eq!(only(&report).snapshots, ["one", "two"]);
    assert_eq!(
        verdicts(&report),
        ["one: in_part [books]", "two: in_part [books]"]
    );
}

#[tokio::test]
async fn missing_truncated_and_longer_blobs_are_found_by_a_listing_and_by_reading() {
    for (kind, change) in [
        (Kind::BlobMissing, None),
        (Kind::BlobLength, Some(-3_i64)),
        (Kind::BlobLength, Some(1)),
    ] {
        let fixture = Fixture::new();
        let blob = fixture.blob();
        let length = std::fs::metadata(&blob).unwrap().len();
        match change {
            None => std::fs::remove_file(&blob).unwrap(),
            Some(change) => {
                let file = std::fs::OpenOptions::new().write(true).open(&blob).unwrap();
                file.set_len(length.checked_add_signed(change).unwrap()).unwrap();
            }
        }
        for level in [
            Level::Presence,
            Level::Fingerprint,
            Level::Checksum,
            Level::Structure,
        ] {
            let report = fixture.verify_with(|options| options.level = level).await;
            let found = only(&report);
            assert_eq!((found.kind, &found.blob), (kind, &named(&fixture, &blob)));
            if let Some(change) = change {
                assert_eq!(found.expected, Some(length.to_string()));
                assert_eq!(
                    found.actual,
                    Some(length.checked_add_signed(change).unwrap().to_string())
                );
            }
            assert_eq!(verdicts(&report), LOST);
        }
    }
}

#[tokio::test]
async fn the_ends_of_a_blob_tell_another_file_and_another_segment() {
    // The checksum in the footer, with the footer's offset.
    let fixture = Fixture::new();
    let blob = fixture.blob();
    let length = std::fs::metadata(&blob).unwrap().len();
    flip(&blob, length as usize - 1);
    for level in [Level::Fingerprint, Level::Checksum] {
        let report = fixture.verify_with(|options| options.level = level).await;
        let found = only(&report);
        assert_eq!(
            (found.kind, found.offset),
            (Kind::FooterMismatch, Some(length - 16))
        );
    }
    // The segment's id in the header.
    let fixture = Fixture::new();
    let blob = fixture.blob();
    let head = std::fs::read(&blob).unwrap();
    let id = 9 + usize::from(head[4]);
    flip(&blob, id);
    let report = fixture
        .verify_with(|options| options.level = Level::Fingerprint)
        .await;
    assert_eq!(only(&report).kind, Kind::HeaderMismatch);
    assert_eq!(verdicts(&report), LOST);
}

#[tokio::test]
async fn a_changed_blob_that_was_sealed_again_is_another_file() {
    let fixture = Fixture::new();
    let blob = fixture.blob();
    let mut bytes = std::fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    reseal(&mut bytes);
    std::fs::write(&blob, bytes).unwrap();
    for level in [Level::Fingerprint, Level::Structure] {
        let report = fixture.verify_with(|options| options.level = level).await;
        assert_eq!(
            (only(&report).kind, &only(&report).blob),
            (Kind::FooterMismatch, &named(&fixture, &blob))
        );
        assert_eq!(verdicts(&report), LOST);
    }
}

#[tokio::test]
async fn a_blob_that_cannot_be_opened_makes_its_index_unknown() {
    let fixture = Fixture::new();
    let blob = fixture.blob();
    // A link that leads out of the store is not followed, whoever asks and whatever it leads to.
    let outside = fixture._directory.path().join("outside");
    std::fs::rename(&blob, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &blob).unwrap();
    for since in [None, Some(0)] {
        let ledger = Arc::new(MemoryLedger::default());
        let report = run(
            fixture.open().await,
            |options| options.since = since,
            ledger.clone(),
        )
        .await;
        let found = only(&report);
        assert_eq!(
            (found.severity, found.kind, &found.blob),
            (Severity::Warning, Kind::BlobUnreadable, &named(&fixture, &blob))
        );
        assert_eq!(verdicts(&report), ["one: unknown [logs]", "two: restorable []"]);
        // Nor is it remembered as read.
        std::fs::remove_file(&blob).unwrap();
        std::fs::copy(&outside, &blob).unwrap();
        let report = run(fixture.open().await, |options| options.since = Some(0), ledger).await;
        assert_eq!(report.read.blobs, 1);
        assert_eq!(verdicts(&report), GOOD);
        std::fs::remove_file(&blob).unwrap();
        std::os::unix::fs::symlink(&outside, &blob).unwrap();
    }
}
