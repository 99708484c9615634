//! Orphans outside the shards: at the base, under `indices`, in the directories of indices, and under hashed prefixes.

use super::{Gathered, Orphan, Why};
use crate::format::root::Root;
use crate::format::version::{EngineVersion, Product};
use crate::repository::Repository;
use crate::source::{Entry, SourceError};
use crate::survey::Survey;
use crate::survey::shard::last;
use crate::survey::work::{index_directory, shard_count, under};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The length of OpenSearch's hash in a path: one character of base 64 and fourteen binary digits.
const HASH: usize = 15;

impl Survey {
    /// Everything but the contents of known shards.
    pub(super) async fn places(&self, found: &mut Gathered) {
        self.at_the_base(found);
        let base = self.repository.source.base().to_owned();
        match self.repository.source.directory(&base).await {
            Ok((_, directories)) => self.beside_the_indices(&base, &directories, found).await,
            Err(error) => found.unreadable.push(format!("{base}/: {error}")),
        }
        self.beside_the_base(&base, found).await;
        let known = self.ids();
        self.unknown_indices(&under(&base, "indices"), &known, found)
            .await;
        let indices = (0..).take(self.repository.root.indices.len());
        self.each(
            indices,
            of_an_index,
            |(orphans, trouble): (Vec<Orphan>, Option<String>)| {
                orphans.into_iter().for_each(|orphan| found.take(orphan));
                trouble.into_iter().for_each(|why| found.unreadable.push(why));
            },
        )
        .await;
    }

    fn ids(&self) -> HashMap<Box<str>, u32> {
        let indices = self.repository.root.indices.iter().zip(0..);
        indices
            .map(|(index, position)| (index.id.clone(), position))
            .collect()
    }

    fn at_the_base(&self, found: &mut Gathered) {
        let uuids: HashSet<&str> = self
            .repository
            .root
            .snapshots
            .iter()
            .map(|snapshot| &*snapshot.uuid)
            .collect();
        for entry in &self.repository.base_listing {
            let name = last(&entry.key);
            if let Some(why) = at_the_base(name, &uuids, self.repository.generation) {
                found.take(Orphan::blob(why, name.to_owned(), entry));
            }
        }
    }

    /// The directories at the base: left-overs, shard paths, and hashed infixes.
    async fn beside_the_indices(&self, base: &str, directories: &[String], found: &mut Gathered) {
        let known = self.ids();
        for name in directories {
            let directory = under(base, name);
            if name.starts_with("tests-") {
                let orphan = Orphan::directory(Why::AccessCheck, format!("{name}/"), directory);
                self.whole(orphan, found).await;
            } else if name == "snapshot_shard_paths" {
                self.shard_paths(&directory, &known, found).await;
            } else if is_hashed(name) {
                self.hashed(&under(&directory, "indices"), &known, found).await;
            }
        }
    }

    /// Hashed prefixes lie beside the base, at the store's root: asked for where an index has one, or where one may have had
    /// it that is deleted.
    async fn beside_the_base(&self, base: &str, found: &mut Gathered) {
        let root = &self.repository.root;
        let has_prefixes = root.indices.iter().any(|index| index.path_type == 1);
        if base.is_empty() || !(has_prefixes || may_have_had_prefixes(root)) {
            return;
        }
        let known = self.ids();
        match self.repository.source.directory("").await {
            Ok((_, directories)) => {
                for name in directories.iter().filter(|name| is_hashed(name)) {
                    self.beside(&under(name, base), &known, found).await;
                }
            }
            // Who may read the base alone has nothing there that the root knows of.
            Err(_) if !has_prefixes => found.beside_base_unlisted = true,
            Err(error) => found
                .unreadable
                .push(format!("the hashed paths at the store's root: {error}")),
        }
    }

    /// What lies under one hashed prefix and the base path: of this repository, unless another one has its base there.
    async fn beside(&self, place: &str, known: &HashMap<Box<str>, u32>, found: &mut Gathered) {
        match self.repository.source.directory(place).await {
            Ok((blobs, _)) if blobs.iter().any(|blob| is_of_a_base(last(&blob.key))) => {}
            Ok((_, directories)) if directories.iter().any(|name| name == "indices") => {
                self.hashed(&under(place, "indices"), known, found).await;
            }
            Ok(_) => {}
            Err(error) => found.unreadable.push(format!("{place}: {error}")),
        }
    }

    /// Indices under one hash: unknown ones, and shards that a known one does not have there.
    async fn hashed(&self, indices: &str, known: &HashMap<Box<str>, u32>, found: &mut Gathered) {
        self.unknown_indices(indices, known, found).await;
        let Ok((_, ids)) = self.repository.source.directory(indices).await else {
            return;
        };
        for id in ids {
            let Some(index) = known.get(id.as_str()) else {
                continue;
            };
            let directory = under(indices, &id);
            match unknown_shards(&self.repository, *index, &directory).await {
                Ok(shards) => {
                    for orphan in shards {
                        self.whole(orphan, found).await;
                    }
                }
                Err(why) => found.unreadable.push(why),
            }
        }
    }

    async fn unknown_indices(&self, indices: &str, known: &HashMap<Box<str>, u32>, found: &mut Gathered) {
        match self.repository.source.directory(indices).await {
            Ok((_, ids)) => {
                for id in ids.iter().filter(|id| !known.contains_key(id.as_str())) {
                    let blob = format!("indices/{id}/");
                    let orphan = Orphan::directory(Why::UnknownIndex, blob, under(indices, id));
                    self.whole(orphan, found).await;
                }
            }
            Err(error) => found.unreadable.push(format!("{indices}: {error}")),
        }
    }

    async fn shard_paths(&self, directory: &str, known: &HashMap<Box<str>, u32>, found: &mut Gathered) {
        let listing = self.repository.source.directory(directory).await;
        let blobs = match listing {
            Ok((blobs, _)) => blobs,
            Err(error) => return found.unreadable.push(format!("{directory}: {error}")),
        };
        for entry in &blobs {
            let name = last(&entry.key);
            let id = name
                .strip_prefix("snapshot_path_")
                .and_then(|rest| rest.split('.').next());
            if id.is_some_and(|id| !known.contains_key(id)) {
                let blob = format!("snapshot_shard_paths/{name}");
                found.take(Orphan::blob(Why::UnknownShardPaths, blob, entry));
            }
        }
    }

    /// Counts all blobs below a directory.
    async fn whole(&self, mut orphan: Orphan, found: &mut Gathered) {
        let directory = orphan.key.clone();
        match count(&self.repository, &mut orphan, &directory).await {
            Ok(()) if orphan.blobs > 0 => found.take(orphan),
            Ok(()) => {}
            Err(error) => found.unreadable.push(format!("{directory}: {error}")),
        }
    }
}

async fn count(repository: &Repository, orphan: &mut Orphan, directory: &str) -> Result<(), SourceError> {
    let mut each = |entry: Entry| orphan.add(&entry);
    repository.source.list(directory, &mut each).await
}

/// Why a blob at the base is not needed; `None`: it is, or it is none of ours.
fn at_the_base(name: &str, uuids: &HashSet<&str>, generation: u64) -> Option<Why> {
    if name.starts_with("pending-") {
        return Some(Why::Temporary);
    }
    if let Some(number) = name.strip_prefix("index-") {
        // The last root but one is kept on purpose by Elasticsearch 6, and a newer one means that the repository moves.
        let number: u64 = number.parse().ok()?;
        return (number.saturating_add(1) < generation).then_some(Why::OldRoot);
    }
    let uuid = name
        .strip_prefix("snap-")
        .or_else(|| name.strip_prefix("meta-"))?;
    let uuid = uuid.strip_suffix(".dat")?;
    (!uuids.contains(uuid)).then_some(Why::UnknownSnapshot)
}

/// In an index's own directory: metadata that nothing points to, and shards that it does not have.
async fn of_an_index(repository: Arc<Repository>, index: u32) -> (Vec<Orphan>, Option<String>) {
    let Some(entry) = repository.root.indices.get(index as usize) else {
        return (Vec::new(), None);
    };
    let directory = index_directory(&repository, &entry.id);
    let (blobs, _) = match repository.source.directory(&directory).await {
        Ok(listing) => listing,
        Err(error) => return (Vec::new(), Some(format!("{directory}: {error}"))),
    };
    let used = entry
        .snapshots
        .iter()
        .map(|snapshot| repository.index_metadata_key(*snapshot, index));
    let used: HashSet<String> = used.collect();
    let mut orphans = Vec::new();
    for blob in &blobs {
        let name = last(&blob.key);
        let why = match name {
            name if name.starts_with("pending-") => Why::Temporary,
            name if name.starts_with("meta-") && !used.contains(&under(&directory, name)) => {
                Why::UnusedIndexMetadata
            }
            _ => continue,
        };
        orphans.push(Orphan::blob(why, format!("indices/{}/{name}", entry.id), blob));
    }
    match unknown_shards(&repository, index, &directory).await {
        Ok(shards) => {
            for mut orphan in shards {
                let directory = orphan.key.clone();
                match count(&repository, &mut orphan, &directory).await {
                    Ok(()) if orphan.blobs > 0 => orphans.push(orphan),
                    Ok(()) => {}
                    Err(error) => return (orphans, Some(format!("{directory}: {error}"))),
                }
            }
            (orphans, None)
        }
        Err(why) => (orphans, Some(why)),
    }
}

/// The numbered directories below an index's directory that are no shard of it, or not at that place.
async fn unknown_shards(repository: &Repository, index: u32, directory: &str) -> Result<Vec<Orphan>, String> {
    let (_, directories) = repository
        .source
        .directory(directory)
        .await
        .map_err(|error| format!("{directory}: {error}"))?;
    let Some(entry) = repository.root.indices.get(index as usize) else {
        return Ok(Vec::new());
    };
    let shards = shard_count(repository, index).await?;
    let is_known = |name: &str| {
        let number = name.parse::<u32>().ok().filter(|number| *number < shards);
        number.is_some_and(|shard| repository.shard_directory(index, shard) == under(directory, name))
    };
    let unknown = directories
        .iter()
        .filter(|name| name.bytes().all(|c| c.is_ascii_digit()) && !is_known(name));
    Ok(unknown
        .map(|name| {
            let blob = format!("indices/{}/{name}/", entry.id);
            Orphan::directory(Why::UnknownShard, blob, under(directory, name))
        })
        .collect())
}

/// Whether indices that are deleted by now may have had hashed prefixes: OpenSearch 2.17 and later writes them, and no root of it
/// has a uuid.
fn may_have_had_prefixes(root: &Root) -> bool {
    let versions = root.snapshots.iter().map(|snapshot| snapshot.version.as_deref());
    let mut versions = versions.map(|version| EngineVersion::from_text(version?));
    root.uuid.is_none()
        && (root.snapshots.is_empty()
            || root.indices.iter().any(|index| index.has_path_type)
            || versions.any(|version| version.is_some_and(|version| version.product == Product::OpenSearch)))
}

/// Whether a blob of this name lies at the base of a repository.
fn is_of_a_base(name: &str) -> bool {
    ["index-", "index.latest", "snap-", "meta-"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// A directory named by OpenSearch's composite hash, which the cluster may put words before.
fn is_hashed(name: &str) -> bool {
    let Some(at) = name.len().checked_sub(HASH) else {
        return false;
    };
    let Some(hash) = name.as_bytes().get(at..) else {
        return false;
    };
    let (letter, digits) = (hash[0], &hash[1..]);
    let base64 = letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    base64 && digits.iter().all(|digit| matches!(digit, b'0' | b'1'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_holds_what_the_root_names_and_the_last_root_but_one() {
        let uuids = HashSet::from(["u1"]);
        let why = |name| at_the_base(name, &uuids, 5);
        for needed in [
            "index-5",
            "index-4",
            "index-6",
            "index.latest",
            "snap-u1.dat",
            "meta-u1.dat",
            "readme",
            "index-x",
        ] {
            assert_eq!(why(needed), None, "{needed}");
        }
        assert_eq!(why("index-3"), Some(Why::OldRoot));
        assert_eq!(why("snap-u2.dat"), Some(Why::UnknownSnapshot));
        assert_eq!(why("meta-u2.dat"), Some(Why::UnknownSnapshot));
        assert_eq!(why("pending-index-5-x"), Some(Why::Temporary));
    }

    #[test]
    fn hashed_directories_are_told_by_their_form() {
        assert!(is_hashed("910100010001110"));
        assert!(is_hashed("_10100010001110"));
        assert!(is_hashed("words910100010001110"));
        for other in [
            "indices",
            "910100010001112",
            "10100010001110",
            "",
            "snapshot_shard_paths",
        ] {
            assert!(!is_hashed(other), "{other}");
        }
    }
}
