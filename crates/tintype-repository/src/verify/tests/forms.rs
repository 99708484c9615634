//! Forms that not every snapshot has.

use super::super::verdict::Verdict;
use super::*;
use crate::format::codec;
use crate::format::testing::{Packing, blob};
use serde_json::json;

/// Writes a snapshot's own blob anew.
fn rewrite(fixture: &Fixture, name: &str, change: impl FnOnce(&mut Value)) {
    let uuid = fixture.uuid(name);
    let root = fixture.root();
    let indices: Vec<&String> = root["indices"].as_object().unwrap().keys().collect();
    let known = root["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .find(|snapshot| snapshot["name"] == name)
        .unwrap();
    let mut own = json!({"name": name, "uuid": uuid, "version_id": 7_172_999, "indices": indices, "state": "SUCCESS",
        "start_time": known["start_time_millis"], "end_time": known["end_time_millis"], "failures": []});
    change(&mut own);
    let bytes = blob(codec::SNAPSHOT, Packing::Plain, &json!({ "snapshot": own }));
    std::fs::write(fixture.path().join(format!("snap-{uuid}.dat")), bytes).unwrap();
}

#[tokio::test]
async fn a_shard_that_the_engine_could_not_write_loses_its_index_without_alarm() {
    let fixture = Fixture::new();
    rewrite(&fixture, "two", |own| {
        own["state"] = "PARTIAL".into();
        own["failures"] =
            json!([{"index": "logs", "index_uuid": "x", "shard_id": 0, "reason": "no node", "status": "x"}]);
    });
    fixture.change_root(|root| root["snapshots"][1]["state"] = 3.into());
    let shard = fixture.repository.shard("logs", 0);
    std::fs::remove_file(shard.join(format!("snap-{}.dat", fixture.uuid("two")))).unwrap();
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Note, Kind::ShardNotSnapshotted)]);
    assert_eq!(verdicts(&report), ["one: restorable []", "two: in_part [logs]"]);
    // Where the engine's word for it is lost, the blob that held it is blamed.
    let own = fixture.path().join(format!("snap-{}.dat", fixture.uuid("two")));
    flip(&own, 40);
    let report = fixture.verify().await;
    assert_eq!(
        kinds(&report),
        [
            (Severity::Error, Kind::MetadataDamaged),
            (Severity::Warning, Kind::BlobMissing)
        ]
    );
    assert_eq!(report.findings[0].blob, named(&fixture, &own));
    assert_eq!(report.snapshots[1].verdict, Verdict::NotRestorable);
    // The same without the engine's word for it is damage.
    rewrite(&fixture, "two", |own| own["state"] = "PARTIAL".into());
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Error, Kind::BlobMissing)]);
}

#[tokio::test]
async fn a_failed_snapshot_is_not_restorable_and_its_blobs_are_not_missed() {
    let fixture = Fixture::new();
    rewrite(&fixture, "two", |own| own["state"] = "FAILED".into());
    fixture.change_root(|root| root["snapshots"][1]["state"] = 2.into());
    let shard = fixture.repository.shard("logs", 0);
    std::fs::remove_file(shard.join(format!("snap-{}.dat", fixture.uuid("two")))).unwrap();
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Note, Kind::ShardNotSnapshotted)]);
    assert_eq!(report.snapshots[1].verdict, Verdict::NotRestorable);
    assert_eq!(report.snapshots[1].why, ["the engine says FAILED"]);
}

#[tokio::test]
async fn shallow_copies_are_unknown_and_named() {
    let fixture = Fixture::new();
    rewrite(&fixture, "two", |own| {
        own["remote_store_index_shallow_copy"] = true.into()
    });
    let (shard, uuid) = (fixture.repository.shard("books", 0), fixture.uuid("two"));
    std::fs::remove_file(shard.join(format!("snap-{uuid}.dat"))).unwrap();
    let shallow = json!({"version": "2", "name": "two", "index_version": 1, "start_time": 1, "time": 1,
        "number_of_files": 1, "total_size": 1, "index_uuid": "x", "remote_store_repository": "segments",
        "commit_generation": 1, "primary_term": 1, "remote_store_repository_base_path": "remote",
        "file_names": ["_0.cfs"]});
    let bytes = blob(codec::SNAPSHOT, Packing::Plain, &shallow);
    std::fs::write(shard.join(format!("shallow-snap-{uuid}.dat")), bytes).unwrap();
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Warning, Kind::OtherStore)]);
    assert!(
        only(&report).message.contains("segments"),
        "{}",
        only(&report).message
    );
    assert_eq!(verdicts(&report), ["one: restorable []", "two: unknown [books]"]);
    // The second kind has no shard files at all.
    rewrite(&fixture, "two", |own| {
        own["pinned_timestamp"] = 1_700_000_000_000_i64.into()
    });
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Warning, Kind::OtherStore)]);
    assert_eq!(report.snapshots[1].verdict, Verdict::Unknown);
}

#[tokio::test]
async fn a_layout_that_is_not_known_is_never_silently_fine() {
    let fixture = Fixture::new();
    fixture.change_root(|root| root["indices"]["books"]["shard_path_type"] = 7.into());
    let report = fixture.verify().await;
    assert!(kinds(&report).contains(&(Severity::Warning, Kind::Unsupported)));
    assert_eq!(
        verdicts(&report),
        ["one: unknown [books]", "two: unknown [books]"]
    );
}

/// A third snapshot of an index that is mounted from `books` of a snapshot.
fn mount(fixture: &mut Fixture, snapshot_uuid: &str, repository_uuid: &str) {
    let settings = json!({"index.store.type": "snapshot", "index.store.snapshot.repository_uuid": repository_uuid,
        "index.store.snapshot.repository_name": "backups", "index.store.snapshot.snapshot_name": "one",
        "index.store.snapshot.snapshot_uuid": snapshot_uuid, "index.store.snapshot.index_name": "books"});
    mount_with(fixture, settings);
}

fn mount_with(fixture: &mut Fixture, settings: Value) {
    let sorted = index(8, "sorted");
    fixture.repository.take("before", 8000, &[("frozen", &[&sorted])]);
    fixture.repository.change("frozen", settings, json!({}));
    fixture
        .repository
        .take("third", 9000, &[("frozen", &[&Files::new()])]);
}

/// The verdict of the snapshot whose index is mounted.
fn of_third(report: &Report) -> Verdict {
    let mut snapshots = report.snapshots.iter();
    snapshots
        .find(|snapshot| snapshot.name == "third")
        .unwrap()
        .verdict
}

#[tokio::test]
async fn a_mounted_index_follows_the_snapshot_that_it_mounts() {
    let mut fixture = Fixture::new();
    let (one, own) = (
        fixture.uuid("one"),
        fixture.root()["uuid"].as_str().unwrap().to_owned(),
    );
    mount(&mut fixture, &one, &own);
    let report = fixture.verify().await;
    assert_eq!(report.findings, []);
    assert_eq!(of_third(&report), Verdict::Restorable);
    let name = index(8, "sorted").into_keys().find(|name| name.ends_with(".cfs"));
    flip(&fixture.repository.blob("books", 0, &name.unwrap()), 100);
    let report = fixture.verify().await;
    assert_eq!(of_third(&report), Verdict::NotRestorable);
    assert!(kinds(&report).contains(&(Severity::Error, Kind::Dependency)));
}

/// What was asked for is a snapshot whose data lies in another one, which was not.
#[tokio::test]
async fn a_mounted_index_follows_a_snapshot_that_was_not_asked_for() {
    let mut fixture = Fixture::new();
    let (one, own) = (
        fixture.uuid("one"),
        fixture.root()["uuid"].as_str().unwrap().to_owned(),
    );
    mount(&mut fixture, &one, &own);
    let frozen = |options: &mut Options| {
        options.snapshots = vec!["third".into()];
        options.indices = vec!["frozen".into()];
    };
    let report = fixture.verify_with(frozen).await;
    assert_eq!(report.findings, []);
    assert_eq!(verdicts(&report), ["third: restorable []"]);
    assert_eq!(report.snapshots[0].level, Some(Level::Structure));
    assert!(report.snapshots[0].indices[0].documents > Some(0));
    let name = index(8, "sorted").into_keys().find(|name| name.ends_with(".cfs"));
    let blob = fixture.repository.blob("books", 0, &name.unwrap());
    flip(&blob, 100);
    let report = fixture.verify_with(frozen).await;
    assert_eq!(verdicts(&report), ["third: not_restorable [frozen]"]);
    let damage = report
        .findings
        .iter()
        .find(|finding| finding.kind == Kind::ChecksumMismatch);
    assert_eq!(damage.unwrap().blob, named(&fixture, &blob));
    assert!(kinds(&report).contains(&(Severity::Error, Kind::Dependency)));
}

/// OpenSearch names no repository's uuid, and the index by its identifier.
#[tokio::test]
async fn an_index_that_opensearch_mounted_follows_its_snapshot_too() {
    let mut fixture = Fixture::new();
    let settings = json!({"index.store.type": "remote_snapshot", "index.searchable_snapshot.repository": "backups",
        "index.searchable_snapshot.snapshot_id.name": "one",
        "index.searchable_snapshot.snapshot_id.uuid": fixture.uuid("one"),
        "index.searchable_snapshot.index.id": fixture.root()["indices"]["books"]["id"]});
    mount_with(&mut fixture, settings);
    let third = |options: &mut Options| options.snapshots = vec!["third".into()];
    let report = fixture.verify_with(third).await;
    assert_eq!(report.findings, []);
    assert_eq!(verdicts(&report), ["third: restorable []"]);
    let name = index(8, "sorted").into_keys().find(|name| name.ends_with(".cfs"));
    std::fs::remove_file(fixture.repository.blob("books", 0, &name.unwrap())).unwrap();
    let report = fixture.verify_with(third).await;
    assert_eq!(verdicts(&report), ["third: not_restorable [frozen]"]);
}

#[tokio::test]
async fn what_is_mounted_from_elsewhere_or_from_nothing_is_told_apart() {
    for (snapshot, repository, expected) in [
        ("gone", None, (Severity::Error, Kind::Dependency)),
        ("gone", Some("another"), (Severity::Warning, Kind::OtherStore)),
    ] {
        let mut fixture = Fixture::new();
        let own = fixture.root()["uuid"].as_str().unwrap().to_owned();
        mount(&mut fixture, snapshot, repository.unwrap_or(&own));
        let report = fixture.verify().await;
        assert_eq!(kinds(&report), [expected]);
    }
}

#[tokio::test]
async fn data_streams_are_lost_with_the_global_state_that_they_stand_in() {
    let fixture = Fixture::new();
    rewrite(&fixture, "two", |own| own["data_streams"] = json!(["events"]));
    let blob = fixture.path().join(format!("meta-{}.dat", fixture.uuid("two")));
    assert_eq!(fixture.verify().await.findings, []);
    flip(&blob, 30);
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Error, Kind::MetadataDamaged)]);
    assert_eq!(verdicts(&report), ["one: restorable []", "two: in_part []"]);
    assert!(report.snapshots[1].why[0].contains("data stream events"));
    // Indices that are asked for by name do not need it.
    let report = fixture
        .verify_with(|options| options.indices = vec!["logs".into()])
        .await;
    assert_eq!(report.snapshots[1].verdict, Verdict::Restorable);
}

#[tokio::test]
async fn what_is_mounted_from_a_failed_snapshot_is_lost() {
    let mut fixture = Fixture::new();
    let (one, own) = (
        fixture.uuid("one"),
        fixture.root()["uuid"].as_str().unwrap().to_owned(),
    );
    mount(&mut fixture, &one, &own);
    // The engine holds no data of a failed snapshot.
    rewrite(&fixture, "one", |own| {
        own["state"] = "FAILED".into();
        own["indices"] = json!(["logs", "books"]);
    });
    fixture.change_root(|root| root["snapshots"][0]["state"] = 2.into());
    let report = fixture.verify().await;
    assert_eq!(of_third(&report), Verdict::NotRestorable);
}

#[tokio::test]
async fn a_lucene_that_is_not_known_is_named_and_the_report_is_not_complete() {
    let mut fixture = Fixture::new();
    let mut files = index(8, "sorted");
    let (_, commit) = files
        .iter_mut()
        .find(|(name, _)| name.starts_with("segments_"))
        .unwrap();
    // The version stands behind magic, length and name.
    commit[16] = 99;
    crate::format::testing::reseal(commit);
    fixture.repository.take("future", 8000, &[("new", &[&files])]);
    let report = fixture.verify().await;
    assert_eq!(kinds(&report), [(Severity::Warning, Kind::Unsupported)]);
    assert_eq!(report.snapshots[2].level, Some(Level::Checksum));
    assert!(!report.complete);
}

#[tokio::test]
async fn a_source_only_index_is_named_and_unknown() {
    let mut fixture = Fixture::new();
    let settings = json!({"index.source_only": "true"});
    fixture.repository.change("books", settings, json!({}));
    let sorted = index(8, "sorted");
    fixture.repository.take(
        "three",
        9000,
        &[("books", &[&sorted]), ("logs", &[&sorted, &sorted])],
    );
    let report = fixture.verify().await;
    let found = only(&report);
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, Kind::Unsupported)
    );
    assert_eq!(
        (found.index.as_deref(), &found.snapshots[..]),
        (Some("books"), &["three".to_owned()][..])
    );
    assert!(found.message.contains("source-only"), "{}", found.message);
    assert_eq!(verdicts(&report)[..2], GOOD);
    assert_eq!(verdicts(&report)[2], "three: unknown [books]");
    let books = &report.snapshots[2].indices[0];
    assert_eq!((&*books.name, books.documents), ("books", None));
    // Damage that is seen is told nevertheless.
    let blob = sorted.keys().find(|name| name.ends_with(".cfs")).unwrap();
    flip(&fixture.repository.blob("books", 0, blob), 100);
    let report = fixture.verify().await;
    assert_eq!(verdicts(&report)[2], "three: in_part [books]");
}
