//! Surveys of a small repository whose every byte is known.

mod bound;
mod diff;
mod orphans;

use super::diff::{Change, Diff, State};
use super::du::Du;
use super::orphans::{Class, Grace, Orphan, Orphans, Total, Why};
use super::{Survey, SurveyError};
use crate::format::shard_path::PathType;
use crate::format::snapshot::ShardFailure;
use crate::format::testing::{Packing, shard_generation, snapshot as snapshot_blob};
use crate::repository::Repository;
use crate::source::{Access, Source};
use crate::testing::Synthetic;
use crate::testing::lucene::{Files, index};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const DAY: i64 = 86_400_000;
const FIRST: i64 = 1_700_000_000_000;

/// Three snapshots: `s2` has another `shop` than `s1`; in `s3` a shard of `logs` is empty, its mapping and settings are
/// others, `shop` is gone and `new` is there.
struct Fixture {
    _directory: TempDir,
    repository: Synthetic,
    mixed: Files,
    sorted: Files,
    updated: Files,
    empty: Files,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [mixed, sorted, updated, empty] =
            ["mixed", "sorted", "updated", "empty"].map(|name| index(8, name));
        let mut repository = Synthetic::new(&directory.path().join("repository"));
        repository.take(
            "s1",
            FIRST,
            &[("logs", &[&mixed, &sorted]), ("shop", &[&updated])],
        );
        repository.take(
            "s2",
            FIRST + DAY,
            &[("logs", &[&mixed, &sorted]), ("shop", &[&sorted])],
        );
        let mapping =
            json!({"_doc": {"properties": {"message": {"type": "keyword"}, "at": {"type": "date"}}}});
        repository.change("logs", json!({"index.number_of_replicas": "2"}), mapping);
        repository.take(
            "s3",
            FIRST + 2 * DAY,
            &[("logs", &[&mixed, &empty]), ("new", &[&sorted])],
        );
        Self {
            _directory: directory,
            repository,
            mixed,
            sorted,
            updated,
            empty,
        }
    }

    async fn survey(&self) -> Survey {
        survey_of(self.repository.root()).await
    }

    /// The current generation of a shard.
    fn generation(&self, index: &str, shard: usize) -> PathBuf {
        let entries = std::fs::read_dir(self.repository.shard(index, shard)).unwrap();
        let mut generations = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| name(path).starts_with("index-"));
        generations.next().unwrap()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.repository.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

async fn survey_of(root: &Path) -> Survey {
    let source = Source::open(root.to_str().unwrap(), &Access::default()).unwrap();
    Survey {
        repository: Arc::new(Repository::open(source).await.unwrap()),
        concurrency: 2,
        progress: Arc::default(),
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Bytes of what lies in blobs: commits and segments lie in the metadata.
fn data(files: &Files) -> u64 {
    let virtual_file = |name: &str| name.starts_with("segments_") || name.ends_with(".si");
    let real = files.iter().filter(|(name, _)| !virtual_file(name));
    real.map(|(_, bytes)| bytes.len() as u64).sum()
}

fn whole(files: &[&Files]) -> u64 {
    files
        .iter()
        .flat_map(|files| files.values())
        .map(|bytes| bytes.len() as u64)
        .sum()
}

#[tokio::test]
async fn snapshots_are_listed_with_documents_and_bytes() {
    let fixture = Fixture::new();
    let ls = fixture.survey().await.ls(true).await;
    let (mixed, sorted, updated, empty) = (&fixture.mixed, &fixture.sorted, &fixture.updated, &fixture.empty);
    assert_eq!(ls.unreadable.count, 0, "{:?}", ls.unreadable);
    let rows: Vec<_> = ls
        .snapshots
        .iter()
        .map(|row| {
            (
                row.snapshot.name.as_str(),
                row.indices,
                row.shards.unwrap(),
                row.documents.unwrap(),
                row.bytes.unwrap(),
            )
        })
        .collect();
    let expected = [
        ("s1", 2, 3, 82 + 29 + 27, whole(&[mixed, sorted, updated])),
        ("s2", 2, 3, 82 + 29 + 29, whole(&[mixed, sorted, sorted])),
        ("s3", 2, 3, 82 + 29, whole(&[mixed, empty, sorted])),
    ];
    assert_eq!(rows, expected);
    let first = &ls.snapshots[0];
    assert_eq!(
        (first.snapshot.state.as_str(), first.snapshot.started),
        ("SUCCESS", Some(FIRST))
    );
    assert_eq!(
        (first.snapshot.ended, first.shards_total),
        (Some(FIRST + 1000), 3)
    );
    assert_eq!(first.snapshot.engine.as_deref(), Some("Elasticsearch 7.17.29"));
    let short = fixture.survey().await.ls(false).await;
    assert_eq!(
        (short.snapshots[0].documents, short.snapshots[0].bytes),
        (None, None)
    );
}

#[tokio::test]
async fn a_blob_costs_those_alone_that_refer_to_it() {
    let fixture = Fixture::new();
    let du = fixture.survey().await.du(Some(FIRST + 2 * DAY)).await;
    let (mixed, sorted, updated) = (
        data(&fixture.mixed),
        data(&fixture.sorted),
        data(&fixture.updated),
    );
    let rows: Vec<_> = du
        .snapshots
        .iter()
        .map(|row| {
            (
                row.name.as_str(),
                row.all.data_bytes,
                row.unique.data_bytes,
                row.shared_bytes,
            )
        })
        .collect();
    let expected = [
        ("s1", mixed + sorted + updated, updated, mixed + sorted),
        ("s2", mixed + sorted + sorted, sorted, mixed + sorted),
        ("s3", mixed + sorted, sorted, mixed),
    ];
    assert_eq!(rows, expected);
    assert_eq!(du.all.data_bytes, mixed + updated + 3 * sorted);
    let older = du.older.as_ref().unwrap();
    assert_eq!(older.snapshots, ["s1", "s2"]);
    // What s1 and s2 share is freed when both go, and is neither's alone.
    assert_eq!(older.frees.data_bytes, updated + 2 * sorted);
    assert_eq!(older.undated, [""; 0]);
    assert_eq!(du.unreadable.count, 0, "{:?}", du.unreadable);
}

/// Bytes of all files below a directory, by what they are for.
fn metadata_on_disk(root: &Path, is: &dyn Fn(&str) -> bool) -> u64 {
    let entries = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let size = |path: PathBuf| match path.is_dir() {
        true => metadata_on_disk(&path, is),
        false if is(&name(&path)) => path.metadata().unwrap().len(),
        false => 0,
    };
    entries.map(size).sum()
}

#[tokio::test]
async fn metadata_is_counted_where_it_lies() {
    let fixture = Fixture::new();
    let du = fixture.survey().await.du(None).await;
    let root = fixture.repository.root();
    let of_snapshots = |name: &str| name.starts_with("snap-") || name.starts_with("meta-");
    assert_eq!(du.all.metadata_bytes, metadata_on_disk(root, &of_snapshots));
    // The index metadata of `logs` is shared by s1 and s2; that of s3 is its own.
    let own = |uuid: &str| metadata_on_disk(root, &|name| name.contains(uuid));
    let [s1, s2, s3] = [0, 1, 2].map(|at| &du.snapshots[at]);
    assert_eq!(s2.unique.metadata_bytes, own(&s2.uuid));
    assert!(s1.all.metadata_bytes > s1.unique.metadata_bytes);
    assert!(s3.unique.metadata_bytes > own(&s3.uuid));
    assert!(du.older.is_none());
}

fn figures(du: &Du) -> Vec<(u64, u64)> {
    let figure = |row: &super::du::Share| (row.all.data_bytes, row.unique.data_bytes);
    du.snapshots.iter().map(figure).collect()
}

#[tokio::test]
async fn a_shard_whose_generation_is_damaged_is_read_by_its_snapshots() {
    let fixture = Fixture::new();
    let healthy = fixture.survey().await.du(None).await;
    std::fs::write(fixture.generation("logs", 0), b"damaged").unwrap();
    std::fs::remove_file(fixture.generation("shop", 0)).unwrap();
    // One that forgot its snapshots is no better.
    std::fs::write(
        fixture.generation("logs", 1),
        shard_generation(Packing::Plain, &[], &[]),
    )
    .unwrap();
    let du = fixture.survey().await.du(None).await;
    assert_eq!(figures(&du), figures(&healthy));
    assert_eq!(du.unreadable.count, 0, "{:?}", du.unreadable);
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_named() {
    let fixture = Fixture::new();
    std::fs::write(fixture.generation("shop", 0), b"damaged").unwrap();
    let survey = fixture.survey().await;
    let s1 = survey.find("s1").unwrap();
    let uuid = survey.repository.root.snapshots[s1 as usize].uuid.to_string();
    fixture.write(
        &format!(
            "{}/snap-{uuid}.dat",
            fixture.repository.shard("shop", 0).display()
        ),
        b"damaged",
    );
    let ls = survey.ls(true).await;
    assert_eq!(ls.unreadable.count, 1);
    assert!(ls.unreadable.first[0].contains(&uuid), "{:?}", ls.unreadable);
    let shown = survey.show("s1", |_| true).await.unwrap();
    assert_eq!((shown.unreadable.count, shown.documents), (1, None));
}

impl Fixture {
    /// A shard's `snap-*.dat` of a snapshot.
    async fn own(&self, snapshot: &str, index: &str, shard: usize) -> PathBuf {
        let survey = self.survey().await;
        let position = survey.find(snapshot).unwrap();
        let uuid = survey.repository.snapshot_uuid(position);
        self.repository
            .shard(index, shard)
            .join(format!("snap-{uuid}.dat"))
    }

    /// Rewrites a snapshot's own blob as a finished one that lacks some shards by the engine's word.
    async fn lacking(&self, snapshot: &str, shards: &[(&str, u32)]) {
        let survey = self.survey().await;
        let position = survey.find(snapshot).unwrap();
        let mut own = survey.repository.snapshot(position).await.unwrap();
        own.state = "PARTIAL".into();
        let failure = |(index, shard): &(&str, u32)| ShardFailure {
            index: (*index).into(),
            shard: *shard,
            reason: "not there".into(),
        };
        own.failures = shards.iter().map(failure).collect();
        self.write(
            &survey.repository.snapshot_key(position),
            &snapshot_blob(Packing::Plain, &own),
        );
    }
}

#[tokio::test]
async fn a_shard_that_is_gone_is_told_unless_the_engine_never_wrote_it() {
    let fixture = Fixture::new();
    std::fs::remove_file(fixture.own("s1", "shop", 0).await).unwrap();
    let survey = fixture.survey().await;
    let said = |unreadable: super::Unreadable| match &unreadable.first[..] {
        [one] => one.contains("snapshot s1: 1 of the 3 shards"),
        other => panic!("{other:?}"),
    };
    assert!(said(survey.ls(true).await.unreadable));
    assert!(said(survey.du(None).await.unreadable));
    assert_eq!(survey.show("s1", |_| true).await.unwrap().unreadable.count, 1);
    fixture.lacking("s1", &[("shop", 0)]).await;
    let survey = fixture.survey().await;
    let counts = [
        survey.ls(true).await.unreadable.count,
        survey.du(None).await.unreadable.count,
        survey.show("s1", |_| true).await.unwrap().unreadable.count,
        survey.diff("s1", "s2").await.unwrap().unreadable.count,
    ];
    assert_eq!(counts, [0; 4]);
}

#[tokio::test]
async fn shards_that_the_root_does_not_count_are_missed_all_the_same() {
    let fixture = Fixture::new();
    let path = fixture.repository.root().join("index-3");
    let mut root: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    root.as_object_mut().unwrap().remove("min_version");
    for index in root["indices"].as_object_mut().unwrap().values_mut() {
        index.as_object_mut().unwrap().remove("shard_generations");
    }
    std::fs::write(&path, root.to_string()).unwrap();
    let survey = fixture.survey().await;
    let healthy = survey.diff("s1", "s2").await.unwrap();
    assert_eq!(
        (healthy.indices[0].change, healthy.unreadable.count),
        (Change::Same, 0)
    );
    std::fs::remove_dir_all(fixture.repository.shard("logs", 1)).unwrap();
    let diff = survey.diff("s1", "s2").await.unwrap();
    assert_eq!(
        (diff.indices[0].change, diff.unreadable.count),
        (Change::Unknown, 2)
    );
    let directory = fixture.repository.shard("logs", 0);
    std::fs::remove_dir_all(directory.parent().unwrap()).unwrap();
    let diff = survey.diff("s1", "s2").await.unwrap();
    assert_eq!(
        (diff.indices[0].change, diff.unreadable.count),
        (Change::Unknown, 1)
    );
    let shown = survey.show("s1", |name| name == "logs").await.unwrap();
    assert_eq!(shown.documents, None);
}

#[tokio::test]
async fn one_snapshot_is_shown_whole() {
    let fixture = Fixture::new();
    let survey = fixture.survey().await;
    let shown = survey.show("s3", |_| true).await.unwrap();
    assert_eq!(shown.snapshot.name, "s3");
    assert_eq!(
        (shown.documents, shown.shards_total, shown.global_state),
        (Some(111), 3, Some(true))
    );
    let [logs, new] = &shown.indices[..] else {
        panic!("{:?}", shown.indices);
    };
    assert_eq!(
        (logs.name.as_str(), logs.shards, logs.shards_here),
        ("logs", Some(2), 2)
    );
    assert_eq!(
        (logs.documents, logs.deleted, logs.segments, logs.fields),
        (Some(82), 3, 3, 2)
    );
    assert_eq!(logs.bytes, whole(&[&fixture.mixed, &fixture.empty]));
    // The fixture writes every file as a new one.
    assert_eq!((logs.bytes_added, shown.bytes_added), (logs.bytes, shown.bytes));
    assert_eq!(logs.lucene_majors, [8]);
    assert_eq!(logs.settings["index.number_of_replicas"], "2");
    assert_eq!(logs.created_by.as_deref(), Some("Elasticsearch 7.17.29"));
    assert_eq!((new.name.as_str(), new.documents), ("new", Some(29)));
    let chosen = survey
        .show(&shown.snapshot.uuid, |name| name == "new")
        .await
        .unwrap();
    assert_eq!(chosen.indices.len(), 1);
    let missing = survey.show("s4", |_| true).await.unwrap_err();
    assert_eq!(missing, SurveyError::NoSnapshot("s4".into()));
}

#[tokio::test]
async fn snapshots_are_told_apart_by_time_whatever_their_order_in_the_root() {
    let directory = tempfile::tempdir().unwrap();
    let mixed = index(8, "mixed");
    let mut repository = Synthetic::new(directory.path());
    for (name, started) in [("late", FIRST + DAY), ("early", FIRST)] {
        repository.take(name, started, &[("logs", &[&mixed])]);
    }
    let survey = survey_of(repository.root()).await;
    let names: Vec<_> = survey
        .ls(false)
        .await
        .snapshots
        .into_iter()
        .map(|row| row.snapshot.name)
        .collect();
    assert_eq!(names, ["early", "late"]);
    let du = survey.du(Some(FIRST + 1)).await;
    let names: Vec<_> = du.snapshots.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["early", "late"]);
    // The one that stays has all of it too.
    let older = du.older.unwrap();
    assert_eq!(
        (&older.snapshots[..], older.frees.data_bytes),
        (&["early".to_owned()][..], 0)
    );
}

#[tokio::test]
async fn an_index_that_was_made_anew_with_fewer_shards_lacks_none() {
    let directory = tempfile::tempdir().unwrap();
    let [mixed, sorted] = ["mixed", "sorted"].map(|name| index(8, name));
    let mut repository = Synthetic::new(directory.path());
    repository.take("a", FIRST, &[("logs", &[&mixed, &sorted])]);
    repository.change("logs", json!({}), json!({"_doc": {}}));
    repository.take("b", FIRST + DAY, &[("logs", &[&mixed])]);
    let survey = survey_of(repository.root()).await;
    let shown = survey.show("b", |_| true).await.unwrap();
    assert_eq!(shown.unreadable.count, 0, "{:?}", shown.unreadable);
    assert_eq!((shown.indices[0].shards_here, shown.documents), (1, Some(82)));
    let diff = survey.diff("a", "b").await.unwrap();
    assert_eq!(diff.unreadable.count, 0, "{:?}", diff.unreadable);
    assert_eq!(
        diff.indices[0].b.map(|b| (b.shards, b.documents)),
        Some((1, Some(82)))
    );
    assert_eq!(survey.ls(true).await.unreadable.count, 0);
}

#[tokio::test]
async fn a_shallow_copy_of_a_shard_lies_in_another_store() {
    let fixture = Fixture::new();
    let own = fixture.own("s1", "shop", 0).await;
    std::fs::rename(&own, own.with_file_name(format!("shallow-{}", name(&own)))).unwrap();
    let survey = fixture.survey().await;
    let (ls, du) = (survey.ls(true).await, survey.du(None).await);
    assert_eq!(
        (ls.unreadable.count, du.unreadable.count),
        (0, 0),
        "{:?}",
        ls.unreadable
    );
    let elsewhere: Vec<_> = ls.snapshots.iter().map(|row| row.other_store).collect();
    assert_eq!(elsewhere, [true, false, false]);
    let elsewhere: Vec<_> = du.snapshots.iter().map(|row| row.other_store).collect();
    assert_eq!(elsewhere, [true, false, false]);
}
