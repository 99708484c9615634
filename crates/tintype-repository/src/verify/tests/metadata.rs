//! Damaged metadata.

use super::super::verdict::Verdict;
use super::*;
use serde_json::json;

#[tokio::test]
async fn damage_in_a_snapshots_own_blob_loses_the_snapshot() {
    let fixture = Fixture::new();
    let blob = fixture.path().join(format!("snap-{}.dat", fixture.uuid("one")));
    flip(&blob, 40);
    let report = fixture.verify().await;
    assert_eq!(
        (only(&report).kind, &only(&report).blob),
        (Kind::MetadataDamaged, &named(&fixture, &blob))
    );
    assert_eq!(only(&report).snapshots, ["one"]);
    assert_eq!(
        verdicts(&report),
        ["one: not_restorable [books logs]", "two: restorable []"]
    );
    std::fs::remove_file(&blob).unwrap();
    for level in [Level::Root, Level::Metadata] {
        let report = fixture.verify_with(|options| options.level = level).await;
        assert_eq!(only(&report).kind, Kind::BlobMissing);
        assert_eq!(report.snapshots[0].verdict, Verdict::NotRestorable);
    }
}

#[tokio::test]
async fn swapped_blobs_are_told_by_the_owner_that_they_name() {
    // Of two snapshots, at the root.
    let fixture = Fixture::new();
    let own = |name: &str| fixture.path().join(format!("snap-{}.dat", fixture.uuid(name)));
    swap(&own("one"), &own("two"));
    let report = fixture.verify().await;
    assert_eq!(
        kinds(&report),
        [(Severity::Error, Kind::MetadataContradiction); 2]
    );
    assert_eq!(report.verdict, Verdict::NotRestorable);
    // Of two snapshots, in a shard.
    let fixture = Fixture::new();
    let shard = fixture.repository.shard("books", 0);
    let own = |name: &str| shard.join(format!("snap-{}.dat", fixture.uuid(name)));
    swap(&own("one"), &own("two"));
    let report = fixture.verify().await;
    assert_eq!(
        kinds(&report),
        [(Severity::Error, Kind::MetadataContradiction); 2]
    );
    assert_eq!(
        verdicts(&report),
        ["one: in_part [books]", "two: in_part [books]"]
    );
}

#[tokio::test]
async fn a_shards_blob_from_another_shard_is_blamed_itself() {
    let fixture = Fixture::new();
    let own = |shard| {
        let directory = fixture.repository.shard("logs", shard);
        directory.join(format!("snap-{}.dat", fixture.uuid("two")))
    };
    std::fs::copy(own(0), own(1)).unwrap();
    let report = fixture.verify().await;
    let errors = report
        .findings
        .iter()
        .filter(|found| found.severity == Severity::Error);
    let errors: Vec<_> = errors.map(|found| (found.kind, found.blob.clone())).collect();
    assert_eq!(errors, [(Kind::MetadataContradiction, named(&fixture, &own(1)))]);
    assert_eq!(verdicts(&report), ["one: restorable []", "two: in_part [logs]"]);
}

/// No blob that it names tells where it belongs.
#[tokio::test]
async fn an_empty_shards_blob_in_a_full_shard_is_blamed_itself_and_so_is_the_other_way_round() {
    let (empty, full) = (index(8, "empty"), index(8, "sorted"));
    for (shards, severity) in [
        ([&full, &empty], Severity::Error),
        ([&empty, &full], Severity::Error),
        // Neither says which it is, and a restore of either gives nothing.
        ([&empty, &empty], Severity::Warning),
    ] {
        let mut fixture = Fixture::new();
        fixture.repository.take("three", 9000, &[("halves", &shards)]);
        let own = |shard| {
            let directory = fixture.repository.shard("halves", shard);
            directory.join(format!("snap-{}.dat", fixture.uuid("three")))
        };
        std::fs::copy(own(0), own(1)).unwrap();
        let report = fixture.verify().await;
        let worst = &report.findings[0];
        assert_eq!(
            (worst.severity, worst.kind, &*worst.snapshots),
            (severity, Kind::MetadataContradiction, &["three".to_owned()][..])
        );
        let is_error = severity == Severity::Error;
        let errors = report
            .findings
            .iter()
            .filter(|found| found.severity == Severity::Error);
        assert_eq!(errors.count(), usize::from(is_error), "{:#?}", report.findings);
        assert_eq!(is_error, worst.blob == named(&fixture, &own(1)));
        let verdict = match is_error {
            true => Verdict::NotRestorable,
            false => Verdict::Restorable,
        };
        assert_eq!(report.snapshots[2].verdict, verdict);
    }
}

#[tokio::test]
async fn damage_in_index_metadata_loses_the_index_where_it_is_shared() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let id = root["indices"]["books"]["id"].as_str().unwrap();
    let directory = fixture.path().join(format!("indices/{id}"));
    let names = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let blob = names.into_iter().find(|path| path.extension().is_some()).unwrap();
    flip(&blob, 30);
    let report = fixture.verify().await;
    assert_eq!(
        (only(&report).kind, &only(&report).blob),
        (Kind::MetadataDamaged, &named(&fixture, &blob))
    );
    assert_eq!(only(&report).snapshots, ["one", "two"]);
    assert_eq!(
        verdicts(&report),
        ["one: in_part [books]", "two: in_part [books]"]
    );
}

#[tokio::test]
async fn index_metadata_of_another_state_or_index_is_found() {
    let mut fixture = Fixture::new();
    fixture
        .repository
        .change("books", json!({"index.hidden": "true"}), json!({}));
    fixture
        .repository
        .take("three", 9000, &[("books", &[&index(8, "sorted")])]);
    let root = fixture.root();
    let identifiers: Vec<&str> = root["index_metadata_identifiers"]
        .as_object()
        .unwrap()
        .values()
        .map(|x| x.as_str().unwrap())
        .collect();
    let id = root["indices"]["books"]["id"].as_str().unwrap();
    let paths = identifiers
        .iter()
        .map(|x| fixture.path().join(format!("indices/{id}/meta-{x}.dat")));
    let paths: Vec<PathBuf> = paths.filter(|path| path.exists()).collect();
    swap(&paths[0], &paths[1]);
    let report = fixture.verify().await;
    assert_eq!(
        kinds(&report),
        [(Severity::Error, Kind::MetadataContradiction); 2]
    );
    assert_eq!(report.snapshots[2].verdict, Verdict::NotRestorable);
}

#[tokio::test]
async fn damaged_global_state_is_a_warning_with_its_own_verdict() {
    let fixture = Fixture::new();
    let blob = fixture.path().join(format!("meta-{}.dat", fixture.uuid("two")));
    flip(&blob, 30);
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Warning, Kind::MetadataDamaged)]);
    assert_eq!(verdicts(&report), GOOD);
    let states: Vec<Verdict> = report
        .snapshots
        .iter()
        .map(|snapshot| snapshot.global_state)
        .collect();
    assert_eq!(states, [Verdict::Restorable, Verdict::NotRestorable]);
}

#[tokio::test]
async fn a_damaged_or_missing_generation_is_a_warning() {
    for remove in [false, true] {
        let fixture = Fixture::new();
        let root = fixture.root();
        let generation = root["indices"]["books"]["shard_generations"][0].as_str().unwrap();
        let blob = fixture
            .repository
            .shard("books", 0)
            .join(format!("index-{generation}"));
        if remove {
            std::fs::remove_file(&blob).unwrap();
        } else {
            flip(&blob, 50);
        }
        let report = fixture.verify().await;
        let kind = if remove {
            Kind::BlobMissing
        } else {
            Kind::MetadataDamaged
        };
        assert_eq!(kinds(&report), [(Severity::Warning, kind)]);
        assert_eq!(only(&report).blob, named(&fixture, &blob));
        assert_eq!(only(&report).snapshots, ["one", "two"]);
        assert_eq!(verdicts(&report), GOOD);
    }
}

#[tokio::test]
async fn what_stands_in_the_metadata_has_a_checksum_too() {
    use crate::format::shard::ShardSnapshot;
    use crate::format::testing::{Packing, shard_snapshot};
    let fixture = Fixture::new();
    let blob = fixture
        .repository
        .shard("books", 0)
        .join(format!("snap-{}.dat", fixture.uuid("two")));
    let mut snapshot = ShardSnapshot::parse(&std::fs::read(&blob).unwrap()).unwrap();
    let file = snapshot.files.iter_mut().find(|file| file.is_virtual()).unwrap();
    file.hash[20] ^= 1;
    let sealed = shard_snapshot(
        Packing::Deflate,
        &snapshot.name,
        snapshot.started,
        &snapshot.files,
    );
    std::fs::write(&blob, sealed).unwrap();
    let report = fixture.verify().await;
    let errors: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert_eq!(errors.len(), 1, "{:#?}", report.findings);
    assert_eq!(
        (errors[0].kind, &errors[0].blob),
        (Kind::ChecksumMismatch, &named(&fixture, &blob))
    );
    assert_eq!(verdicts(&report), ["one: restorable []", "two: in_part [books]"]);
}

#[tokio::test]
async fn what_the_root_says_otherwise_is_blamed_on_the_root() {
    type Change = (&'static str, fn(&mut Value));
    let changes: [Change; 5] = [
        ("name", |root| root["snapshots"][0]["name"] = "ona".into()),
        ("state", |root| root["snapshots"][0]["state"] = 3.into()),
        ("start", |root| {
            root["snapshots"][0]["start_time_millis"] = 1001.into()
        }),
        ("end", |root| {
            root["snapshots"][1]["end_time_millis"] = 6001.into()
        }),
        ("version", |root| {
            root["snapshots"][0]["version"] = "7.17.28".into()
        }),
    ];
    for (what, change) in changes {
        let fixture = Fixture::new();
        fixture.change_root(change);
        let report = fixture.verify().await;
        assert!(!report.findings.is_empty(), "{what}");
        for found in &report.findings {
            assert_eq!(
                (found.severity, &*found.blob),
                (Severity::Warning, "index-2"),
                "{what}: {found:?}"
            );
        }
    }
    // An index that the root gives a snapshot no more is lost to it.
    let fixture = Fixture::new();
    fixture.change_root(|root| {
        root["indices"]["books"]["snapshots"]
            .as_array_mut()
            .unwrap()
            .remove(1);
    });
    let report = fixture.verify().await;
    assert!(
        kinds(&report).contains(&(Severity::Error, Kind::RootMismatch)),
        "{:#?}",
        report.findings
    );
    assert_eq!(verdicts(&report)[1], "two: in_part []");
}

#[tokio::test]
async fn index_latest_is_looked_at_and_nothing_hangs_on_it() {
    for (content, severity) in [
        (Some(vec![0; 3]), Severity::Warning),
        (Some(1_i64.to_be_bytes().to_vec()), Severity::Warning),
        (None, Severity::Note),
    ] {
        let fixture = Fixture::new();
        let latest = fixture.path().join("index.latest");
        match content {
            Some(bytes) => std::fs::write(latest, bytes).unwrap(),
            None => std::fs::remove_file(latest).unwrap(),
        }
        let report = fixture.verify_with(|options| options.level = Level::Root).await;
        assert_eq!(kinds(&report), [(severity, Kind::RootMismatch)]);
        assert_eq!(verdicts(&report), GOOD);
    }
}

#[tokio::test]
async fn roots_that_are_left_over_are_noted() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path().join("index-0"), "{}").unwrap();
    std::fs::write(fixture.path().join("index-1"), "{}").unwrap();
    let report = fixture.verify().await;
    assert_eq!(
        (only(&report).severity, &*only(&report).blob),
        (Severity::Note, "index-0")
    );
}

#[tokio::test]
async fn a_letter_of_the_cluster_that_wrote_last_is_not_lost_unseen() {
    let fixture = Fixture::new();
    fixture.change_root(|root| {
        let id = root["cluster_id"].as_str().unwrap();
        let other = if id.starts_with('B') { "C" } else { "B" };
        root["cluster_id"] = format!("{other}{}", &id[1..]).into();
    });
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Warning, Kind::RootMismatch)]);
    assert!(only(&report).snapshots.is_empty());
    // Another cluster may have deleted snapshots.
    fixture.change_root(|root| root["cluster_id"] = crate::format::testing::uuid(77).into());
    assert_eq!(fixture.verify().await.findings, []);
}
