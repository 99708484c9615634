//! What two snapshots have differently.

use super::info::Identity;
use super::mapping::{self, Changes};
use super::{About, Survey, SurveyError, Unreadable, documents, sum, sum_known};
use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::repository::{BlobError, Repository};
use crate::source::Cause;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The schema's name and version.
pub const SCHEMA: &str = "tintype.diff/1";

/// Two snapshots of one repository.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// The first snapshot.
    pub a: Identity,
    /// The second snapshot.
    pub b: Identity,
    /// Every index of either, by name; those that are the same too.
    pub indices: Vec<IndexDiff>,
    /// The data blobs of all indices.
    pub blobs: Blobs,
    /// What could not be read: the comparison lacks it.
    pub unreadable: Unreadable,
}

/// What became of an index from the first snapshot to the second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only in the second.
    Added,
    /// Only in the first.
    Removed,
    /// In both, and something differs.
    Changed,
    /// In both, with the same files, settings and mappings.
    #[default]
    Same,
}

/// One index.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexDiff {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub change: Change,
    /// Deleted and made anew under its name in between.
    pub recreated: bool,
    /// In the first snapshot.
    pub a: Option<State>,
    /// In the second snapshot.
    pub b: Option<State>,
    /// Settings.
    pub settings: Changes,
    /// Mappings.
    pub mappings: Changes,
    /// Aliases only in the second.
    pub aliases_added: Vec<String>,
    /// Aliases only in the first.
    pub aliases_removed: Vec<String>,
    /// Its data blobs.
    pub blobs: Blobs,
}

/// An index as one snapshot has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// How many of its shards are in the snapshot.
    pub shards: u32,
    /// Live documents; `None` when a shard's could not be told.
    pub documents: Option<u64>,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Data blobs of two snapshots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Blobs {
    /// How many only the second has.
    pub added: u64,
    /// Their bytes.
    pub added_bytes: u64,
    /// How many only the first has.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// How many both have.
    pub kept: u64,
    /// Their bytes.
    pub kept_bytes: u64,
}

impl Blobs {
    fn merge(&mut self, other: Self) {
        self.added += other.added;
        self.added_bytes = self.added_bytes.saturating_add(other.added_bytes);
        self.removed += other.removed;
        self.removed_bytes = self.removed_bytes.saturating_add(other.removed_bytes);
        self.kept += other.kept;
        self.kept_bytes = self.kept_bytes.saturating_add(other.kept_bytes);
    }

    fn of(a: &[FileInfo], b: &[FileInfo]) -> Self {
        let real = |files: &'_ [FileInfo]| -> HashMap<Box<str>, u64> {
            let files = files.iter().filter(|file| !file.is_virtual());
            files.map(|file| (file.name.clone(), file.length)).collect()
        };
        let (a, b) = (real(a), real(b));
        let mut blobs = Self::default();
        for (name, bytes) in &b {
            if a.contains_key(name) {
                blobs.kept += 1;
                blobs.kept_bytes = blobs.kept_bytes.saturating_add(*bytes);
            } else {
                blobs.added += 1;
                blobs.added_bytes = blobs.added_bytes.saturating_add(*bytes);
            }
        }
        for bytes in a
            .iter()
            .filter(|(name, _)| !b.contains_key(*name))
            .map(|(_, bytes)| bytes)
        {
            blobs.removed += 1;
            blobs.removed_bytes = blobs.removed_bytes.saturating_add(*bytes);
        }
        blobs
    }
}

/// One shard of both snapshots.
#[derive(Default)]
struct ShardDiff {
    a: Option<State>,
    b: Option<State>,
    blobs: Blobs,
    /// The files are the same, virtual ones included.
    same: bool,
    unreadable: Unreadable,
}

impl Survey {
    /// Compares two snapshots, by name or uuid.
    ///
    /// # Errors
    /// One of them is not there, or its own metadata cannot be read.
    pub async fn diff(&self, a: &str, b: &str) -> Result<Diff, SurveyError> {
        let (a, b) = (self.find(a)?, self.find(b)?);
        let identities = [self.identity(a).await?, self.identity(b).await?];
        let sides = [self.indices_of(a), self.indices_of(b)].map(BTreeSet::from_iter);
        let both: Vec<u32> = sides[0].union(&sides[1]).copied().collect();
        let mut unreadable = Unreadable::default();
        let mut indices: BTreeMap<u32, IndexDiff> = BTreeMap::new();
        let sides = Arc::new(sides);
        let theirs = Arc::clone(&sides);
        self.each(
            both.iter().copied(),
            move |repository, index| {
                let sides = Arc::clone(&theirs);
                let of = move |side: usize, snapshot: u32| sides[side].contains(&index).then_some(snapshot);
                async move { compare_metadata(&repository, index, of(0, a), of(1, b)).await }
            },
            |(index, diff, trouble)| {
                unreadable.merge(trouble);
                indices.insert(index, diff);
            },
        )
        .await;
        let mut trouble = Unreadable::default();
        self.each_shard(
            &both,
            &mut unreadable,
            move |repository, (index, shard)| {
                let sides = Arc::clone(&sides);
                let of = move |side: usize, snapshot: u32| sides[side].contains(&index).then_some(snapshot);
                async move {
                    (
                        index,
                        compare_shard(&repository, (index, shard), of(0, a), of(1, b)).await,
                    )
                }
            },
            |(index, shard)| {
                trouble.merge(add_shard(indices.entry(index).or_default(), shard));
            },
        )
        .await;
        unreadable.merge(trouble);
        let [a, b] = identities;
        let mut indices: Vec<IndexDiff> = indices.into_values().collect();
        indices.sort_by(|a, b| a.name.cmp(&b.name));
        let mut blobs = Blobs::default();
        indices.iter().for_each(|index| blobs.merge(index.blobs));
        Ok(Diff {
            about: self.about(SCHEMA),
            a,
            b,
            indices,
            blobs,
            unreadable,
        })
    }

    async fn identity(&self, snapshot: u32) -> Result<Identity, SurveyError> {
        let own = self.repository.snapshot(snapshot).await?;
        let root = self.repository.root.snapshots.get(snapshot as usize);
        Ok(root
            .map(|root| Identity::of(root, Some(&own)))
            .unwrap_or_default())
    }
}

async fn compare_metadata(
    repository: &Repository,
    index: u32,
    a: Option<u32>,
    b: Option<u32>,
) -> (u32, IndexDiff, Unreadable) {
    let mut unreadable = Unreadable::default();
    let root = repository.root.indices.get(index as usize);
    let mut diff = IndexDiff {
        name: root.map(|root| root.name.to_string()).unwrap_or_default(),
        change: match (a, b) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Same,
        },
        a: a.map(|_| State::new()),
        b: b.map(|_| State::new()),
        ..IndexDiff::default()
    };
    // The same blob is the same metadata: the engines share it while nothing changes.
    if let (Some(a), Some(b)) = (a, b)
        && repository.index_metadata_key(a, index) != repository.index_metadata_key(b, index)
    {
        let read = (
            repository.index_metadata(a, index).await,
            repository.index_metadata(b, index).await,
        );
        match read {
            (Ok(a), Ok(b)) => diff.compare(&a, &b),
            (a, b) => a
                .err()
                .into_iter()
                .chain(b.err())
                .for_each(|why| unreadable.push(why)),
        }
    }
    (index, diff, unreadable)
}

impl IndexDiff {
    fn compare(&mut self, a: &IndexMetadata, b: &IndexMetadata) {
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            let only = these.iter().filter(|name| !those.contains(name));
            only.cloned().collect()
        };
        self.recreated = a.uuid.is_some() && b.uuid.is_some() && a.uuid != b.uuid;
        self.settings = mapping::settings(&a.settings, &b.settings);
        self.mappings = mapping::mappings(&a.mappings, &b.mappings);
        self.aliases_added = only(&b.aliases, &a.aliases);
        self.aliases_removed = only(&a.aliases, &b.aliases);
        let changed = self.recreated
            || self.settings.count + self.mappings.count > 0
            || self.aliases_added.len() + self.aliases_removed.len() > 0;
        if changed {
            self.change = Change::Changed;
        }
    }
}

async fn compare_shard(
    repository: &Repository,
    (index, shard): (u32, u32),
    a: Option<u32>,
    b: Option<u32>,
) -> ShardDiff {
    let mut diff = ShardDiff::default();
    let mut sides = [Vec::new(), Vec::new()];
    for (side, snapshot) in [a, b].into_iter().enumerate() {
        let Some(snapshot) = snapshot else { continue };
        let state = match repository.shard_snapshot(snapshot, index, shard).await {
            Ok(read) => {
                let state = State::of(&read.files);
                sides[side] = read.files;
                state
            }
            Err(BlobError::Source(error)) if error.cause == Cause::Missing => State::new(),
            Err(error) => {
                diff.unreadable.push(error);
                State {
                    documents: None,
                    ..State::default()
                }
            }
        };
        *(if side == 0 { &mut diff.a } else { &mut diff.b }) = Some(state);
    }
    let [a, b] = sides;
    diff.blobs = Blobs::of(&a, &b);
    let names =
        |files: &[FileInfo]| -> BTreeSet<Box<str>> { files.iter().map(|file| file.name.clone()).collect() };
    diff.same = names(&a) == names(&b);
    diff
}

impl State {
    fn new() -> Self {
        Self {
            documents: Some(0),
            ..Self::default()
        }
    }

    fn of(files: &[FileInfo]) -> Self {
        Self {
            shards: 1,
            documents: documents::structure(files.iter()).map(|structure| structure.live_documents),
            bytes: sum(files.iter().map(|file| file.length)),
        }
    }

    fn merge(&mut self, other: Self) {
        self.shards += other.shards;
        self.documents = sum_known([self.documents, other.documents].into_iter());
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

fn add_shard(index: &mut IndexDiff, shard: ShardDiff) -> Unreadable {
    let sides = [(&mut index.a, shard.a), (&mut index.b, shard.b)];
    for (all, one) in sides {
        if let (Some(all), Some(one)) = (all, one) {
            all.merge(one);
        }
    }
    index.blobs.merge(shard.blobs);
    if !shard.same && index.change == Change::Same {
        index.change = Change::Changed;
    }
    shard.unreadable
}
