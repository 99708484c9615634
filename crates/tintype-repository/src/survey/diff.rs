//! What two snapshots have differently.

use super::info::Identity;
use super::mapping::{self, Changes};
use super::{About, Survey, SurveyError, Unreadable, documents, sum, sum_known};
use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::repository::{BlobError, Lacks, Repository};
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
    /// In both; what could be read is the same, and not all could be.
    Unknown,
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

/// One of the two snapshots.
struct Side {
    /// Its position in the root.
    snapshot: u32,
    /// Its indices, as positions in the root.
    indices: BTreeSet<u32>,
    lacks: Lacks,
}

impl Side {
    /// Its position, when it has the index.
    fn with(&self, index: u32) -> Option<u32> {
        self.indices.contains(&index).then_some(self.snapshot)
    }
}

/// One shard of both snapshots.
#[derive(Default)]
struct ShardDiff {
    a: Option<State>,
    b: Option<State>,
    blobs: Blobs,
    /// Whether the files are the same, virtual ones included; `None` when a side could not be read.
    same: Option<bool>,
    unreadable: Unreadable,
}

impl ShardDiff {
    /// Of shards that nothing is known of.
    fn unknown() -> Self {
        Self {
            a: Some(State::default()),
            b: Some(State::default()),
            ..Self::default()
        }
    }
}

impl Survey {
    /// Compares two snapshots, by name or uuid.
    ///
    /// # Errors
    /// One of them is not there, or its own metadata cannot be read.
    pub async fn diff(&self, a: &str, b: &str) -> Result<Diff, SurveyError> {
        let (a, b) = (self.find(a)?, self.find(b)?);
        let ((a, first), (b, second)) = (self.side(a).await?, self.side(b).await?);
        let sides = Arc::new([first, second]);
        let both: Vec<u32> = sides[0].indices.union(&sides[1].indices).copied().collect();
        let mut unreadable = Unreadable::default();
        let mut indices: BTreeMap<u32, IndexDiff> = BTreeMap::new();
        let theirs = Arc::clone(&sides);
        self.each(
            both.iter().copied(),
            move |repository, index| {
                let sides = Arc::clone(&theirs);
                async move { compare_metadata(&repository, index, &sides).await }
            },
            |(index, diff, trouble)| {
                unreadable.merge(trouble);
                indices.insert(index, diff);
            },
        )
        .await;
        let mut trouble = Unreadable::default();
        let uncounted = self
            .each_shard(
                &both,
                &mut unreadable,
                move |repository, (index, shard)| {
                    let sides = Arc::clone(&sides);
                    async move { (index, compare_shard(&repository, (index, shard), &sides).await) }
                },
                |(index, shard)| {
                    trouble.merge(add_shard(indices.entry(index).or_default(), shard));
                },
            )
            .await;
        for index in uncounted {
            add_shard(indices.entry(index).or_default(), ShardDiff::unknown());
        }
        unreadable.merge(trouble);
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

    async fn side(&self, snapshot: u32) -> Result<(Identity, Side), SurveyError> {
        let own = self.repository.snapshot(snapshot).await?;
        let root = self.repository.root.snapshots.get(snapshot as usize);
        let identity = root
            .map(|root| Identity::of(root, Some(&own)))
            .unwrap_or_default();
        let side = Side {
            snapshot,
            indices: self.indices_of(snapshot).into_iter().collect(),
            lacks: Lacks::of(&own),
        };
        Ok((identity, side))
    }
}

async fn compare_metadata(
    repository: &Repository,
    index: u32,
    [a, b]: &[Side; 2],
) -> (u32, IndexDiff, Unreadable) {
    let (a, b) = (a.with(index), b.with(index));
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
            (a, b) => {
                diff.change = Change::Unknown;
                a.err()
                    .into_iter()
                    .chain(b.err())
                    .for_each(|why| unreadable.push(why));
            }
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

async fn compare_shard(repository: &Repository, (index, shard): (u32, u32), sides: &[Side; 2]) -> ShardDiff {
    let mut diff = ShardDiff::default();
    let (mut files, mut unknown) = ([Vec::new(), Vec::new()], false);
    for (number, side) in sides.iter().enumerate() {
        let Some(snapshot) = side.with(index) else {
            continue;
        };
        let state = match repository.shard_snapshot(snapshot, index, shard).await {
            Ok(read) => {
                let state = State::of(&read.files);
                files[number] = read.files;
                state
            }
            Err(error) => {
                if is_missing(&error) && need_not_be(repository, side, (index, shard)).await {
                    State::new()
                } else {
                    diff.unreadable.push(error);
                    unknown = true;
                    State {
                        documents: None,
                        ..State::default()
                    }
                }
            }
        };
        *(if number == 0 { &mut diff.a } else { &mut diff.b }) = Some(state);
    }
    // Against a side that is not known nothing is new or gone.
    if !unknown {
        let [a, b] = &files;
        diff.blobs = Blobs::of(a, b);
        let names = |files: &'_ [FileInfo]| -> BTreeSet<Box<str>> {
            files.iter().map(|file| file.name.clone()).collect()
        };
        diff.same = Some(names(a) == names(b));
    }
    diff
}

fn is_missing(error: &BlobError) -> bool {
    matches!(error, BlobError::Source(error) if error.cause == Cause::Missing)
}

/// Whether a snapshot is as the engine left it without this shard: it could not be written, or the index had fewer of them then.
async fn need_not_be(repository: &Repository, side: &Side, (index, shard): (u32, u32)) -> bool {
    let name = repository
        .root
        .indices
        .get(index as usize)
        .map(|index| &*index.name);
    if side.lacks.may_lack(name.unwrap_or_default(), shard) {
        return true;
    }
    let metadata = repository.index_metadata(side.snapshot, index).await;
    metadata.is_ok_and(|metadata| shard >= metadata.shards)
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
    index.change = match (index.change, shard.same) {
        (Change::Same | Change::Unknown, Some(false)) => Change::Changed,
        (Change::Same, None) => Change::Unknown,
        (change, _) => change,
    };
    shard.unreadable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_a_new_index_of_the_same_name_are_told() {
        let metadata = |uuid: &str, aliases: &[&str]| IndexMetadata {
            uuid: Some(uuid.into()),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            ..IndexMetadata::default()
        };
        let compared = |a: &IndexMetadata, b: &IndexMetadata| {
            let mut diff = IndexDiff::default();
            diff.compare(a, b);
            diff
        };
        let (one, two) = (metadata("u1", &["x", "y"]), metadata("u1", &["y", "z"]));
        let diff = compared(&one, &two);
        assert_eq!((diff.change, diff.recreated), (Change::Changed, false));
        assert_eq!(
            (&diff.aliases_added[..], &diff.aliases_removed[..]),
            (&["z".into()][..], &["x".into()][..])
        );
        let anew = compared(&one, &metadata("u2", &["x", "y"]));
        assert_eq!((anew.change, anew.recreated), (Change::Changed, true));
        assert_eq!(compared(&one, &one).change, Change::Same);
    }
}
