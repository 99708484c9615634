//! Finds the newest root and reads it, while an engine may be writing the next.

use super::{METADATA_CAP, OpenError, ROOT_CAP, Repository, diagnose};
use crate::format::root::Root;
use crate::format::shard_path::{PathType, ShardPaths};
use crate::source::{Access, Cause, Entry, Source, SourceError};
use aws_lc_rs::digest;
use bytes::Bytes;
use std::time::Duration;

/// How often the newest root is looked for again when it vanished between the listing and the reading of it.
const ATTEMPTS: u32 = 5;

/// A listing that is made while an engine writes may lack both the root that goes and the one that comes. So often, and this far
/// apart, it is made before a root is called lost.
const LOOKS: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(500);

pub(super) async fn open(source: Source) -> Result<Repository, OpenError> {
    let mut looks = 1;
    for _ in 0..ATTEMPTS {
        let found = match find(&source).await {
            Err(OpenError::RootLost { .. }) if looks < LOOKS => {
                looks += 1;
                tokio::time::sleep(BETWEEN).await;
                continue;
            }
            found => found?,
        };
        let Some(bytes) = read(&source, &found).await? else {
            continue;
        };
        return decode(source, found, &bytes).await;
    }
    Err(diagnose::vanished(&source, ATTEMPTS))
}

/// The newest generation: the highest N of `index-N`, or what `index.latest` says where nothing can be listed
/// (`BlobStoreRepository.latestIndexBlobId` of Elasticsearch 7.10).
pub(super) async fn newest(source: &Source) -> Result<Option<u64>, SourceError> {
    if source.lists() {
        let (entries, _) = source.directory(source.base()).await?;
        return Ok(entries.iter().filter_map(|entry| generation(&entry.key)).max());
    }
    latest(source).await
}

/// The generation that a key of `index-N` names.
pub(crate) fn generation(key: &str) -> Option<u64> {
    let name = key.rsplit('/').next()?.strip_prefix("index-")?;
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| name.parse().ok()).flatten()
}

/// What is there before the root is read.
struct Found {
    generation: u64,
    latest: Option<u64>,
    listing: Vec<Entry>,
}

async fn find(source: &Source) -> Result<Found, OpenError> {
    let latest = latest(source).await;
    if !source.lists() {
        return match latest? {
            Some(generation) => Ok(Found {
                generation,
                latest: Some(generation),
                listing: Vec::new(),
            }),
            None => Err(diagnose::unlisted(source).await),
        };
    }
    let (mut listing, directories) = source.directory(source.base()).await?;
    let newest = listing.iter().filter_map(|entry| generation(&entry.key)).max();
    let Some(generation) = newest.filter(|_| !diagnose::is_shard(&listing)) else {
        let latest = latest.ok().flatten();
        return Err(diagnose::listed(source, latest, &listing, &directories).await);
    };
    listing.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(Found {
        generation,
        latest: beside_a_listing(latest)?,
        listing,
    })
}

/// Where the listing tells the newest root, an `index.latest` that may not or cannot be read now is only a finding.
fn beside_a_listing(latest: Result<Option<u64>, SourceError>) -> Result<Option<u64>, SourceError> {
    match latest {
        Err(error) if matches!(error.cause, Cause::Denied | Cause::Archived) => Ok(None),
        latest => latest,
    }
}

/// `index.latest`: 8 bytes, big-endian. `None` when it is absent or is no generation.
pub(crate) async fn latest(source: &Source) -> Result<Option<u64>, SourceError> {
    match source.get(&key(source, "index.latest"), 64).await {
        Ok(bytes) => {
            let number = <[u8; 8]>::try_from(&bytes[..]).map(i64::from_be_bytes);
            Ok(number.ok().and_then(|number| u64::try_from(number).ok()))
        }
        Err(error) if matches!(error.cause, Cause::Missing | Cause::TooLarge) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The root's bytes; `None` when it vanished, as it does when an engine writes the next one.
async fn read(source: &Source, found: &Found) -> Result<Option<Bytes>, OpenError> {
    let key = key(source, &format!("index-{}", found.generation));
    match source.get(&key, ROOT_CAP).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.cause == Cause::Missing => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn decode(source: Source, found: Found, bytes: &[u8]) -> Result<Repository, OpenError> {
    let blob = format!("index-{}", found.generation);
    let root = match Root::parse(bytes) {
        Ok(root) => root,
        Err(error) => {
            let encrypted = diagnose::encrypted(&source, found.latest, &found.listing, bytes).await;
            let error = encrypted.unwrap_or(error);
            return Err(OpenError::Root { blob, error });
        }
    };
    let mut root_sha256 = [0; 32];
    root_sha256.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    let written = written(&source, &root).await?;
    if let Some(above) = beside(&source, &written)? {
        return Box::pin(open(above)).await;
    }
    Ok(Repository {
        source,
        generation: found.generation,
        root,
        root_sha256,
        latest: found.latest,
        base_listing: found.listing,
        shard_prefix: written.prefix,
    })
}

/// What the blobs in `snapshot_shard_paths` tell and the root does not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Written {
    /// What the cluster puts before hashes.
    prefix: String,
    /// The base path behind hashes that stand before it.
    base: Option<String>,
}

/// Taken from one of the blobs that list an index's directories (`SnapshotShardPaths` of OpenSearch 2.17). Empty where none
/// can be read: a restore does not read them.
async fn written(source: &Source, root: &Root) -> Result<Written, SourceError> {
    let hashed = root.indices.iter().filter_map(|index| {
        let kind = PathType::from_code(index.path_type)?;
        (kind != PathType::Fixed).then_some((kind, &*index.id))
    });
    let mut hashed = hashed.peekable();
    if hashed.peek().is_none() || !source.lists() {
        return Ok(Written::default());
    }
    let (entries, _) = source.directory(&key(source, "snapshot_shard_paths")).await?;
    let mut first = None;
    let listed = hashed.filter_map(|(kind, id)| {
        let key = entries
            .iter()
            .map(|entry| &*entry.key)
            .find(|key| lists(key, id))?;
        Some((kind, key))
    });
    for (kind, key) in listed.take(LISTS_READ) {
        if let Ok(bytes) = source.get(key, METADATA_CAP).await
            && let Ok(paths) = ShardPaths::parse(&bytes)
            && let Some(written) = written_in(kind, &paths)
        {
            if fits(source, &written) {
                return Ok(written);
            }
            first.get_or_insert(written);
        }
    }
    // A copied bucket lies elsewhere than its lists say.
    Ok(first.unwrap_or_default())
}

/// So many lists are read for one that names the place where the repository lies: one of them may be damaged.
const LISTS_READ: usize = 8;

fn fits(source: &Source, written: &Written) -> bool {
    let Some(base) = written.base.as_deref() else {
        return true;
    };
    let above = || source.location().trim_end_matches('/').strip_suffix(base);
    base == source.base() || source.base().is_empty() && above().is_some_and(|above| above.ends_with('/'))
}

/// A directory that was opened as its own root is opened again from above its base path, since shards lie beside that. What
/// a repository says of itself never leads to the machine's own root: that has to be asked for.
fn beside(source: &Source, written: &Written) -> Result<Option<Source>, SourceError> {
    let Some(base) = written.base.as_deref().filter(|base| !base.is_empty()) else {
        return Ok(None);
    };
    if !source.is_local() || !source.base().is_empty() || !fits(source, written) {
        return Ok(None);
    }
    if is_whole_path(source.location(), base) {
        return Ok(None);
    }
    let access = Access {
        base_path: Some(base.to_owned()),
        ..Access::default()
    };
    Source::open(source.location(), &access).map(Some)
}

/// Whether above the base path of a directory nothing is but `/`.
fn is_whole_path(location: &str, base: &str) -> bool {
    let above = location.trim_end_matches('/').strip_suffix(base);
    above.is_some_and(|above| above.trim_end_matches('/') == "file:")
}

/// Whether a key is that of the blob that lists the directories of this index: `snapshot_path_{id}.{name}.…`.
pub(crate) fn lists(key: &str, index_id: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or_default();
    let rest = name
        .strip_prefix("snapshot_path_")
        .and_then(|rest| rest.strip_prefix(index_id));
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Takes the first shard's directory apart; `None`: it is not one of that index.
fn written_in(kind: PathType, paths: &ShardPaths) -> Option<Written> {
    let plain = kind.directory("", "", &paths.index_id, 0);
    let (hash, rest) = plain.split_once('/')?;
    let before = paths
        .paths
        .first()?
        .trim_matches('/')
        .strip_suffix(rest)?
        .trim_end_matches('/');
    let (first, base) = match kind {
        PathType::HashedPrefix => {
            let (first, base) = before.split_once('/').unwrap_or((before, ""));
            (first, Some(base.to_owned()))
        }
        _ => (before.rsplit('/').next().unwrap_or_default(), None),
    };
    let prefix = first.strip_suffix(hash)?.to_owned();
    Some(Written { prefix, base })
}

fn key(source: &Source, path: &str) -> String {
    match source.base() {
        "" => path.to_owned(),
        base => format!("{base}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(kind: PathType, base: &str, prefix: &str) -> ShardPaths {
        let id = "aBcDeFgHiJkLmNoPqRsTuV";
        let path = |shard| format!("{}/", kind.directory(base, prefix, id, shard));
        ShardPaths {
            index_id: id.to_owned(),
            paths: vec![path(0), path(1)],
        }
    }

    #[test]
    fn prefix_and_base_are_read_from_a_shards_directory() {
        let infix = PathType::HashedInfix;
        let of = |prefix: &str, base: Option<&str>| {
            Some(Written {
                prefix: prefix.to_owned(),
                base: base.map(str::to_owned),
            })
        };
        for (base, prefix) in [("", ""), ("a/b", ""), ("a", "x-"), ("", "x")] {
            assert_eq!(written_in(infix, &paths(infix, base, prefix)), of(prefix, None));
            let kind = PathType::HashedPrefix;
            assert_eq!(
                written_in(kind, &paths(kind, base, prefix)),
                of(prefix, Some(base))
            );
        }
        let mut other = paths(infix, "a", "");
        other.index_id = "bBcDeFgHiJkLmNoPqRsTuV".to_owned();
        assert_eq!(written_in(infix, &other), None);
    }

    #[test]
    fn an_index_latest_that_may_not_be_read_does_not_stop_what_the_listing_tells() {
        let failed = |cause| Err(SourceError::new(cause, String::new()));
        assert_eq!(beside_a_listing(Ok(Some(4))), Ok(Some(4)));
        for cause in [Cause::Denied, Cause::Archived] {
            assert_eq!(beside_a_listing(failed(cause)), Ok(None), "{cause:?}");
        }
        assert!(beside_a_listing(failed(Cause::Unavailable)).is_err());
    }

    #[test]
    fn a_repository_does_not_lead_to_the_root_of_the_machine() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("above/prod");
        std::fs::create_dir_all(&path).unwrap();
        let source = Source::open(path.to_str().unwrap(), &Access::default()).unwrap();
        let whole = source.location().strip_prefix("file:///").unwrap().to_owned();
        let written = |base: &str| Written {
            prefix: String::new(),
            base: Some(base.to_owned()),
        };
        let above = |base: &str| beside(&source, &written(base)).unwrap();
        assert_eq!(above("prod").unwrap().base(), "prod");
        assert_eq!(above("above/prod").unwrap().base(), "above/prod");
        assert!(above("rod").is_none() && above("other").is_none());
        assert!(above(&whole).is_none());
    }

    #[test]
    fn only_a_plain_number_is_a_generation() {
        assert_eq!(generation("base/index-12"), Some(12));
        for other in [
            "index-",
            "index-x",
            "index-+1",
            "index.latest",
            "index--1",
            "a/index-1/b",
        ] {
            assert_eq!(generation(other), None, "{other}");
        }
    }
}
