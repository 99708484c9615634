//! Blobs that no snapshot needs: left behind by snapshots that failed, deletions that were cut off, and crashes.
//!
//! They are listed and never deleted: the engines do that themselves (`_snapshot/{repository}/_cleanup`), knowing what runs.
//! The rules are those of `BlobStoreRepository` (`staleRootBlobs`, `unusedBlobs`, `cleanupStaleIndices`) of Elasticsearch 7.10
//! and OpenSearch 2.19, with one more doubt: a data blob that any snapshot's own metadata names is never one, even where
//! the shard's generation forgot it.

mod places;
mod shards;

use super::{About, Survey, Unreadable};
use crate::source::Entry;
use serde::Serialize;

/// The schema's name and version.
pub const SCHEMA: &str = "tintype.orphans/1";

/// How many orphans are named; the rest is counted.
const NAMED: usize = 100_000;

/// When an unreferenced blob is an orphan and not the beginning of a snapshot that runs.
#[derive(Debug, Clone, Copy)]
pub struct Grace {
    /// Now, in ms since 1970.
    pub now: i64,
    /// What was written within so many ms may belong to a running snapshot.
    pub ms: i64,
    /// Nobody writes to the repository: its user says so. What is young is an orphan too, if the root did not move.
    pub read_only: bool,
}

/// What no snapshot needs.
#[derive(Debug, Clone, Serialize)]
pub struct Orphans {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// A newer generation appeared meanwhile: everything is in doubt, look again.
    pub moved: bool,
    /// Certainly not needed.
    pub orphans: Total,
    /// Not referred to, and maybe of a snapshot that runs.
    pub in_doubt: Total,
    /// Left by the engines' check of access (`tests-*`); they do not remove it and nothing needs it.
    pub left_overs: Total,
    /// Each of them, by path.
    pub blobs: Vec<Orphan>,
    /// How many more there are that are only counted.
    pub left_out: u64,
    /// The store did not let look for hashed paths beside the base path. No index has one there now; what deleted ones left is
    /// not known.
    pub beside_base_unlisted: bool,
    /// What could not be listed or read: orphans there are not known.
    pub unreadable: Unreadable,
}

/// How much it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Blobs.
    pub blobs: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Whether it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Certainly not needed.
    Orphan,
    /// Maybe of a snapshot that runs.
    InDoubt,
    /// Of an engine's check of access.
    LeftOver,
}

/// Why nothing needs it. The JSON names are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The temporary blob of a write that was cut off (`pending-*`).
    Temporary,
    /// The metadata of a snapshot that the root does not know.
    UnknownSnapshot,
    /// A root before the last one.
    OldRoot,
    /// An index's directory that the root does not know.
    UnknownIndex,
    /// A shard's directory that the index does not have.
    UnknownShard,
    /// Index metadata that no snapshot points to.
    UnusedIndexMetadata,
    /// A shard's generation that is not the current one.
    OldGeneration,
    /// A data blob that no snapshot refers to.
    UnreferencedData,
    /// Where the shards of an unknown index lie (`snapshot_shard_paths`).
    UnknownShardPaths,
    /// Of an engine's check of access (`tests-*`).
    AccessCheck,
}

/// A blob, or a whole directory, that no snapshot needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// Whether it may go.
    pub class: Class,
    /// Why.
    pub why: Why,
    /// The blob's path from the repository's base, as if no path was hashed; a directory ends with `/`.
    pub blob: String,
    /// Its key from the store's root.
    pub key: String,
    /// How many blobs it is.
    pub blobs: u64,
    /// In bytes.
    pub bytes: u64,
    /// When the newest of it was written, in ms since 1970; 0 when the store does not say.
    pub modified: i64,
}

impl Orphan {
    fn blob(why: Why, blob: String, entry: &Entry) -> Self {
        Self {
            class: Class::InDoubt,
            why,
            blob,
            key: entry.key.clone(),
            blobs: 1,
            bytes: entry.length,
            modified: entry.modified,
        }
    }

    fn directory(why: Why, blob: String, key: String) -> Self {
        Self {
            class: Class::InDoubt,
            why,
            blob,
            key,
            blobs: 0,
            bytes: 0,
            modified: 0,
        }
    }

    fn add(&mut self, entry: &Entry) {
        self.blobs += 1;
        self.bytes = self.bytes.saturating_add(entry.length);
        self.modified = self.modified.max(entry.modified);
    }
}

impl Survey {
    /// Looks for blobs that no snapshot needs. The root is read again at the end: what was written meanwhile is no orphan.
    pub async fn orphans(&self, grace: Grace) -> Orphans {
        let mut found = Gathered::new(grace);
        if self.repository.source.lists() {
            self.places(&mut found).await;
            self.orphans_of_shards(&mut found).await;
        } else {
            found
                .unreadable
                .push("this store cannot list, so that orphans cannot be told");
        }
        let moved = match self.repository.has_moved().await {
            Ok(moved) => moved,
            Err(error) => {
                found
                    .unreadable
                    .push(format!("whether the repository moved: {error}"));
                true
            }
        };
        found.ended(self.about(SCHEMA), moved)
    }
}

/// What was found so far: classed by age at once, so that only totals of what is beyond the bound are kept.
struct Gathered {
    grace: Grace,
    /// Totals of what is old enough, of what is young, and of left-overs.
    old: Total,
    young: Total,
    left_overs: Total,
    blobs: Vec<Orphan>,
    left_out: u64,
    beside_base_unlisted: bool,
    unreadable: Unreadable,
}

impl Gathered {
    fn new(grace: Grace) -> Self {
        Self {
            grace,
            old: Total::default(),
            young: Total::default(),
            left_overs: Total::default(),
            blobs: Vec::new(),
            left_out: 0,
            beside_base_unlisted: false,
            unreadable: Unreadable::default(),
        }
    }

    fn take(&mut self, mut orphan: Orphan) {
        let old = orphan.modified > 0 && orphan.modified < self.grace.now.saturating_sub(self.grace.ms);
        let (class, total) = match orphan.why {
            Why::AccessCheck => (Class::LeftOver, &mut self.left_overs),
            _ if old => (Class::Orphan, &mut self.old),
            _ => (Class::InDoubt, &mut self.young),
        };
        total.blobs += orphan.blobs;
        total.bytes = total.bytes.saturating_add(orphan.bytes);
        orphan.class = class;
        if self.blobs.len() < NAMED {
            self.blobs.push(orphan);
        } else {
            self.left_out += 1;
        }
    }

    /// The root moved: all is in doubt. It did not, and nobody writes: nothing is.
    fn ended(mut self, about: About, moved: bool) -> Orphans {
        let class = match (moved, self.grace.read_only) {
            (true, _) => Some(Class::InDoubt),
            (false, true) => Some(Class::Orphan),
            (false, false) => None,
        };
        let both = Total {
            blobs: self.old.blobs + self.young.blobs,
            bytes: self.old.bytes.saturating_add(self.young.bytes),
        };
        let (orphans, in_doubt) = match class {
            Some(Class::Orphan) => (both, Total::default()),
            Some(_) => (Total::default(), both),
            None => (self.old, self.young),
        };
        if let Some(class) = class {
            let ours = self
                .blobs
                .iter_mut()
                .filter(|orphan| orphan.class != Class::LeftOver);
            ours.for_each(|orphan| orphan.class = class);
        }
        self.blobs.sort_by(|a, b| a.blob.cmp(&b.blob));
        Orphans {
            about,
            moved,
            orphans,
            in_doubt,
            left_overs: self.left_overs,
            blobs: self.blobs,
            left_out: self.left_out,
            beside_base_unlisted: self.beside_base_unlisted,
            unreadable: self.unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_at_an_unknown_time_may_be_of_a_running_snapshot() {
        let grace = Grace {
            now: 1_000,
            ms: 100,
            read_only: false,
        };
        for (modified, class) in [(0, Class::InDoubt), (899, Class::Orphan), (900, Class::InDoubt)] {
            let mut found = Gathered::new(grace);
            let orphan = Orphan::directory(Why::UnknownIndex, "indices/a/".into(), "indices/a".into());
            found.take(Orphan { modified, ..orphan });
            assert_eq!(found.blobs[0].class, class, "{modified}");
        }
    }
}
