//! What is read in which order, as far as the root tells: pure, printable, and the same for the same root and options.
//!
//! What is read of a shard follows from its own metadata: see `shard/files.rs`.

use super::options::Options;
use super::select;
use crate::Level;
use crate::format::root::Root;
use crate::repository::Repository;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

/// A snapshot and an index that it holds are a pair. Pairs are told apart by their position in [`Plan::pairs`], since a
/// repository has up to millions of them; those of an index follow each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// How deep.
    pub level: Option<Level>,
    /// First: the blobs of these snapshots at the root (positions in the root).
    pub snapshots: Vec<u32>,
    /// Then: these blobs of index metadata, each once.
    pub metadata: Vec<Metadata>,
    /// Then: these indices, shard by shard.
    pub indices: Vec<Index>,
    /// The snapshot of each pair (position in the root).
    pub pairs: Vec<u32>,
    /// The index metadata of each pair (position in [`Plan::metadata`]).
    pub pair_metadata: Vec<u32>,
}

/// A blob of index metadata: that of one pair, and of all others that share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// The index (position in [`Plan::indices`]).
    pub index: u32,
    /// The first pair that it is the metadata of.
    pub pair: u32,
}

/// An index whose shards are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its position in the root.
    pub index: u32,
    /// Its pairs.
    pub pairs: Range<u32>,
}

impl Plan {
    /// Plans a verification.
    pub fn new(repository: &Repository, options: &Options) -> Self {
        Self::of(&repository.root, options, |snapshot, index| {
            repository.index_metadata_id(snapshot, index)
        })
    }

    fn of<'a>(root: &'a Root, options: &Options, metadata_id: impl Fn(u32, u32) -> &'a str) -> Self {
        let snapshots = select::snapshots(root, options);
        let mut plan = Self {
            level: Some(options.level),
            ..Self::default()
        };
        for (index, number) in root.indices.iter().zip(0u32..) {
            if !select::index(options, &index.name) {
                continue;
            }
            let held = index.snapshots.iter().copied();
            let held = held.filter(|held| snapshots.binary_search(held).is_ok());
            plan.index_of(number, held, &metadata_id);
        }
        plan.snapshots = snapshots;
        plan
    }

    /// Plans these indices of these snapshots and nothing else: sets of an index and a snapshot (positions in the root).
    pub fn of_pairs(repository: &Repository, level: Level, pairs: &BTreeSet<(u32, u32)>) -> Self {
        let mut plan = Self {
            level: Some(level),
            ..Self::default()
        };
        let metadata_id = |snapshot, index| repository.index_metadata_id(snapshot, index);
        let mut left = pairs.iter().copied().peekable();
        while let Some((index, _)) = left.peek().copied() {
            let same = std::iter::from_fn(|| left.next_if(|(other, _)| *other == index));
            plan.index_of(index, same.map(|(_, snapshot)| snapshot), &metadata_id);
        }
        let snapshots: BTreeSet<u32> = pairs.iter().map(|(_, snapshot)| *snapshot).collect();
        plan.snapshots = snapshots.into_iter().collect();
        plan
    }

    /// `held`: the planned snapshots that hold it, sorted.
    fn index_of<'a>(
        &mut self,
        index: u32,
        held: impl Iterator<Item = u32>,
        metadata_id: &impl Fn(u32, u32) -> &'a str,
    ) {
        let begin = length(&self.pairs);
        self.pairs.extend(held);
        let pairs = begin..length(&self.pairs);
        if !pairs.is_empty() {
            self.metadata_of(index, pairs.clone(), metadata_id);
            self.indices.push(Index { index, pairs });
        }
    }

    fn metadata_of<'a>(&mut self, index: u32, pairs: Range<u32>, id: &impl Fn(u32, u32) -> &'a str) {
        let mut known: HashMap<&str, u32> = HashMap::new();
        for pair in pairs {
            let snapshot = self.pairs.get(pair as usize).copied().unwrap_or_default();
            let position = *known.entry(id(snapshot, index)).or_insert_with(|| {
                self.metadata.push(Metadata {
                    index: length(&self.indices),
                    pair,
                });
                length(&self.metadata) - 1
            });
            self.pair_metadata.push(position);
        }
    }

    /// The snapshot of a pair (position in the root).
    pub fn snapshot(&self, pair: u32) -> u32 {
        self.pairs.get(pair as usize).copied().unwrap_or_default()
    }

    /// The index of a pair (position in the root).
    pub fn index(&self, pair: u32) -> u32 {
        let after = self.indices.partition_point(|planned| planned.pairs.end <= pair);
        self.indices.get(after).map_or(u32::MAX, |planned| planned.index)
    }

    /// The pair of a snapshot and an index (positions in the root), when it is looked at.
    pub fn pair(&self, snapshot: u32, index: u32) -> Option<u32> {
        let found = self
            .indices
            .binary_search_by_key(&index, |planned| planned.index)
            .ok()?;
        let pairs = self.indices.get(found)?.pairs.clone();
        let snapshots = self.pairs.get(pairs.start as usize..pairs.end as usize)?;
        let found = snapshots.binary_search(&snapshot).ok()?;
        Some(pairs.start + u32::try_from(found).ok()?)
    }
}

fn length<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the root, index.latest and the listing of the base")?;
        let level = self.level.unwrap_or(Level::Root);
        if level == Level::Root {
            return Ok(());
        }
        let (snapshots, metadata) = (self.snapshots.len(), self.metadata.len());
        writeln!(f, "snap-*.dat and meta-*.dat of {snapshots} snapshots")?;
        writeln!(f, "{metadata} blobs of index metadata")?;
        let (indices, pairs) = (self.indices.len(), self.pairs.len());
        writeln!(
            f,
            "the shards of {indices} indices, one after another: each its listing where reading does not tell \
             it, its snap-*.dat of its snapshots \
             ({pairs} of indices and snapshots), its current generation"
        )?;
        match level {
            Level::Root | Level::Metadata => Ok(()),
            Level::Presence => writeln!(f, "of each shard: that every blob is listed with its length"),
            Level::Fingerprint => writeln!(f, "of each shard: 64 and 16 bytes of every file once"),
            Level::Checksum | Level::Structure => writeln!(f, "of each shard: every byte of every file once"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::testing::{options, root};

    #[test]
    fn pairs_of_an_index_follow_each_other_and_metadata_is_read_once() {
        let root = root(&["a", "b", "c"], &[("x", &[0, 1, 2]), ("y", &[1]), ("z", &[])]);
        let ids = |snapshot: u32, _: u32| if snapshot < 2 { "old" } else { "new" };
        let plan = Plan::of(&root, &options(), ids);
        assert_eq!(plan.snapshots, [0, 1, 2]);
        assert_eq!(plan.pairs, [0, 1, 2, 1]);
        assert_eq!(plan.pair_metadata, [0, 0, 1, 2]);
        let read: Vec<_> = plan.metadata.iter().map(|blob| (blob.index, blob.pair)).collect();
        assert_eq!(read, [(0, 0), (0, 2), (1, 3)]);
        assert_eq!(
            (plan.pair(1, 1), plan.pair(2, 0), plan.pair(0, 1)),
            (Some(3), Some(2), None)
        );
    }

    #[test]
    fn what_was_not_asked_for_is_not_planned() {
        let root = root(&["a", "b"], &[("x", &[0, 1]), ("y", &[1])]);
        let mut options = options();
        options.snapshots = vec!["b".into()];
        options.indices = vec!["x".into()];
        let plan = Plan::of(&root, &options, |_, _| "one");
        assert_eq!((plan.snapshots, plan.pairs), (vec![1], vec![1]));
        assert_eq!(
            plan.indices,
            [Index {
                index: 0,
                pairs: 0..1
            }]
        );
    }

    #[test]
    fn a_plan_can_be_read() {
        let root = root(&["a"], &[("x", &[0])]);
        let text = Plan::of(&root, &options(), |_, _| "one").to_string();
        assert!(
            text.contains("1 blobs of index metadata") && text.contains("every byte"),
            "{text}"
        );
    }
}
