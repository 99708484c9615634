//! One shard's directory: which snapshots hold it, and with which files.

use super::Unreadable;
use crate::format::file::FileInfo;
use crate::format::root::RootIndex;
use crate::format::shard::ShardGeneration;
use crate::merge::{Merge, Same, TooMuch};
use crate::repository::{BlobError, Repository};
use crate::source::{Cause, Entry};
use std::collections::HashMap;
use std::sync::Arc;

/// A shard's files over all snapshots.
#[derive(Debug, Default)]
pub(super) struct ShardFiles {
    /// Each file of any snapshot, once.
    pub files: Vec<FileInfo>,
    /// The snapshots that hold the shard.
    pub snapshots: Vec<Held>,
    /// Snapshots (positions in the root) whose files lie in another store.
    pub elsewhere: Vec<u32>,
    /// Snapshots (positions in the root) whose blob is there, whether or not it could be read.
    pub present: Vec<u32>,
    /// Snapshots (positions in the root) whose files are not known, though they may be there; each is told.
    pub missed: Vec<u32>,
}

/// One snapshot's part of a shard.
#[derive(Debug)]
pub(super) struct Held {
    /// Its position in the root.
    pub snapshot: u32,
    /// Positions in [`ShardFiles::files`], sorted, each once.
    pub files: Arc<[u32]>,
    /// The length of its `snap-*.dat`; 0 where the store cannot list.
    pub metadata_bytes: u64,
}

impl ShardFiles {
    /// Reads the shard's generation, one blob for all snapshots; where that is missing, damaged or knows less than the
    /// directory holds, each snapshot's own blob instead, as a restore does. Of these about `most` bytes are kept,
    /// since they are any number, while a generation is one blob with bounds of its own.
    pub(super) async fn read(
        repository: &Repository,
        index: u32,
        shard: u32,
        most: usize,
    ) -> (Self, Unreadable) {
        let mut unreadable = Unreadable::default();
        let Some(entry) = repository.root.indices.get(index as usize) else {
            return (Self::default(), unreadable);
        };
        let directory = repository.shard_directory(index, shard);
        let listing = match list(repository, &directory).await {
            Ok(listing) => listing,
            Err(why) => {
                unreadable.push(why);
                let found = Self {
                    // Nothing is known of them, which is said already.
                    present: entry.snapshots.clone(),
                    missed: entry.snapshots.clone(),
                    ..Self::default()
                };
                return (found, unreadable);
            }
        };
        let present = Present::of(repository, entry, listing.as_deref());
        let current = current(entry, shard, listing.as_deref());
        if let (Some(name), Some([])) = (&current, listing.as_deref()) {
            unreadable.push(format!(
                "{directory}: nothing is there, and the root names its generation {name}"
            ));
        }
        let generation = match current {
            Some(name) => repository.shard_generation(index, shard, &name).await.ok(),
            None => None,
        };
        let found = generation.and_then(|generation| Self::of_generation(repository, generation, &present));
        let mut found = match found {
            Some(found) => found,
            None => {
                let merge = Merge::new(Same::Blob, most);
                Self::of_snapshots(repository, (index, shard), &present, merge, &mut unreadable).await
            }
        };
        if present.sure {
            let listed = present.snapshots.iter().map(|(snapshot, _)| *snapshot);
            found.present = listed.chain(present.shallow.iter().copied()).collect();
        }
        found.elsewhere = present.shallow;
        (found, unreadable)
    }

    /// `None` when the generation lacks a snapshot that is there.
    fn of_generation(
        repository: &Repository,
        mut generation: ShardGeneration,
        present: &Present,
    ) -> Option<Self> {
        let names = generation.snapshots.iter().map(|(name, _)| name.clone()).zip(0..);
        let by_name: HashMap<Box<str>, usize> = names.collect();
        let mut snapshots = Vec::new();
        for (snapshot, metadata_bytes) in &present.snapshots {
            let name = &repository.root.snapshots.get(*snapshot as usize)?.name;
            let found = by_name.get(name).and_then(|at| generation.snapshots.get_mut(*at));
            match found {
                Some((_, files)) => {
                    snapshots.push(Held::new(*snapshot, std::mem::take(files), *metadata_bytes));
                }
                None if present.sure => return None,
                None => {}
            }
        }
        Some(Self {
            files: generation.files,
            present: snapshots.iter().map(|held| held.snapshot).collect(),
            snapshots,
            ..Self::default()
        })
    }

    async fn of_snapshots(
        repository: &Repository,
        (index, shard): (u32, u32),
        present: &Present,
        mut merge: Merge,
        unreadable: &mut Unreadable,
    ) -> Self {
        let mut found = Self::default();
        for ((snapshot, _), number) in present.snapshots.iter().zip(0u32..) {
            let taken = match repository.shard_snapshot(*snapshot, index, shard).await {
                Ok(read) => merge
                    .add(number, read.files)
                    .map_err(|TooMuch| too_much(&repository.shard_snapshot_key(*snapshot, index, shard))),
                Err(BlobError::Source(error)) if !present.sure && error.cause == Cause::Missing => continue,
                Err(error) => Err(error.to_string()),
            };
            found.present.push(*snapshot);
            if let Err(why) = taken {
                found.missed.push(*snapshot);
                unreadable.push(why);
            }
        }
        let merged = merge.finish();
        found.files = merged.files;
        for commit in merged.commits {
            for number in commit.pairs {
                if let Some((snapshot, metadata_bytes)) = present.snapshots.get(number as usize) {
                    found.snapshots.push(Held {
                        snapshot: *snapshot,
                        files: Arc::clone(&commit.files),
                        metadata_bytes: *metadata_bytes,
                    });
                }
            }
        }
        found
    }

    /// The files of one snapshot's part.
    pub(super) fn of<'a>(&'a self, held: &'a Held) -> impl Iterator<Item = &'a FileInfo> {
        held.files
            .iter()
            .filter_map(|position| self.files.get(*position as usize))
    }
}

impl Held {
    fn new(snapshot: u32, mut files: Vec<u32>, metadata_bytes: u64) -> Self {
        files.sort_unstable();
        files.dedup();
        Self {
            snapshot,
            files: files.into(),
            metadata_bytes,
        }
    }
}

fn too_much(key: &str) -> String {
    format!(
        "{key}: is not looked at: the snapshots have more files of this shard than are kept at once; choose fewer: `show` \
         looks at one alone, `diff` at two"
    )
}

/// The snapshots of an index whose blob lies in a shard's directory.
struct Present {
    /// Position in the root and length of the blob.
    snapshots: Vec<(u32, u64)>,
    /// Those with a shallow copy's blob.
    shallow: Vec<u32>,
    /// The directory was listed; otherwise all snapshots of the index are tried.
    sure: bool,
}

impl Present {
    fn of(repository: &Repository, index: &RootIndex, listing: Option<&[Entry]>) -> Self {
        let uuid = |snapshot: &u32| {
            let snapshot = repository.root.snapshots.get(*snapshot as usize);
            snapshot.map_or("", |snapshot| &*snapshot.uuid)
        };
        let Some(listing) = listing else {
            return Self {
                snapshots: index.snapshots.iter().map(|snapshot| (*snapshot, 0)).collect(),
                shallow: Vec::new(),
                sure: false,
            };
        };
        let lengths: HashMap<&str, u64> = listing
            .iter()
            .map(|entry| (last(&entry.key), entry.length))
            .collect();
        let length = |prefix: &str, snapshot: &u32| {
            lengths
                .get(format!("{prefix}{}.dat", uuid(snapshot)).as_str())
                .copied()
        };
        let snapshots = index.snapshots.iter();
        Self {
            snapshots: snapshots
                .clone()
                .filter_map(|snapshot| Some((*snapshot, length("snap-", snapshot)?)))
                .collect(),
            shallow: snapshots
                .filter(|snapshot| length("shallow-snap-", snapshot).is_some())
                .copied()
                .collect(),
            sure: true,
        }
    }
}

/// The last part of a key.
pub(super) fn last(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// The blobs of a shard's directory; `None` where the store cannot list.
pub(super) async fn list(repository: &Repository, directory: &str) -> Result<Option<Vec<Entry>>, String> {
    if !repository.source.lists() {
        return Ok(None);
    }
    match repository.source.directory(directory).await {
        Ok((blobs, _)) => Ok(Some(blobs)),
        Err(error) if error.cause == Cause::Missing => Ok(Some(Vec::new())),
        Err(error) => Err(format!("{directory}: {error}")),
    }
}

/// The shard's current generation, the end of `index-*`: the root's uuid, else the highest number in the listing, since numbers in
/// the root are not reliable (`ShardGenerations.fixShardGeneration` of Elasticsearch 7.7). `None`: none, or not known.
pub(super) fn current(index: &RootIndex, shard: u32, listing: Option<&[Entry]>) -> Option<String> {
    let named = index
        .generations
        .as_ref()
        .and_then(|generations| generations.get(shard as usize)?.as_deref());
    if let Some(named) = named.filter(|named| named.parse::<u64>().is_err()) {
        return (named != "_new").then(|| named.to_owned());
    }
    let numbers = listing?
        .iter()
        .filter_map(|entry| last(&entry.key).strip_prefix("index-")?.parse::<u64>().ok());
    numbers.max().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_generation_is_named_by_the_root_or_has_the_highest_number() {
        let entry = |name: &str| Entry {
            key: format!("indices/i/0/{name}"),
            length: 1,
            modified: 1,
            archived: false,
        };
        let listing = ["index-9", "index-12", "index-1", "index-uuid", "snap-99.dat"].map(entry);
        let named = |named: Option<&str>| {
            let index = RootIndex {
                generations: Some(vec![named.map(Into::into)]),
                ..RootIndex::default()
            };
            current(&index, 0, Some(&listing))
        };
        assert_eq!(named(Some("uuid")).as_deref(), Some("uuid"));
        assert_eq!(named(Some("_new")), None);
        // Numbers in the root are not reliable.
        for number in [Some("9"), None] {
            assert_eq!(named(number).as_deref(), Some("12"), "{number:?}");
        }
        assert_eq!(
            current(&RootIndex::default(), 0, Some(&listing)).as_deref(),
            Some("12")
        );
        assert_eq!(current(&RootIndex::default(), 0, None), None);
    }
}
