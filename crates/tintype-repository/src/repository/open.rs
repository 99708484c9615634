//! Finds the newest root and reads it, while an engine may be writing the next.

use super::{METADATA_CAP, OpenError, ROOT_CAP, Repository, diagnose};
use crate::format::root::Root;
use crate::format::shard_path::{PathType, ShardPaths};
use crate::source::{Cause, Entry, Source, SourceError};
use aws_lc_rs::digest;
use bytes::Bytes;

/// How often the newest root is looked for again when it vanished between the listing and the reading of it.
const ATTEMPTS: u32 = 5;

pub(super) async fn open(source: Source) -> Result<Repository, OpenError> {
    for _ in 0..ATTEMPTS {
        let found = find(&source).await?;
        let Some(bytes) = read(&source, &found).await? else {
            continue;
        };
        return decode(source, found, &bytes).await;
    }
    Err(OpenError::NotARepository(format!(
        "{}: the newest index-N vanished {ATTEMPTS} times between listing and reading it; is something else deleting \
         there? Try again",
        source.location()
    )))
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
        return Err(diagnose::listed(source, &listing, &directories).await);
    };
    listing.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(Found {
        generation,
        latest: latest?,
        listing,
    })
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
    if let Some(words) = diagnose::not_json(&source, &blob, bytes) {
        return Err(words);
    }
    let root = Root::parse(bytes).map_err(|error| OpenError::Root { blob, error })?;
    let mut root_sha256 = [0; 32];
    root_sha256.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    let shard_prefix = shard_prefix(&source, &root).await?;
    Ok(Repository {
        source,
        generation: found.generation,
        root,
        root_sha256,
        latest: found.latest,
        base_listing: found.listing,
        shard_prefix,
    })
}

/// The cluster's prefix before hashes, which the root does not tell: taken from one of the blobs that list an index's
/// directories (`SnapshotShardPaths` of OpenSearch 2.17). Empty where none can be read: a restore does not read them.
async fn shard_prefix(source: &Source, root: &Root) -> Result<String, SourceError> {
    let mut hashed = root.indices.iter().filter_map(|index| {
        let kind = PathType::from_code(index.path_type)?;
        (kind != PathType::Fixed).then_some((kind, &*index.id))
    });
    let Some((mut kind, mut id)) = hashed.next() else {
        return Ok(String::new());
    };
    if !source.lists() {
        return Ok(String::new());
    }
    let (entries, _) = source.directory(&key(source, "snapshot_shard_paths")).await?;
    loop {
        if let Some(key) = entries.iter().map(|entry| &*entry.key).find(|key| lists(key, id))
            && let Ok(bytes) = source.get(key, METADATA_CAP).await
            && let Ok(paths) = ShardPaths::parse(&bytes)
            && let Some(prefix) = prefix_of(kind, source.base(), &paths)
        {
            return Ok(prefix);
        }
        match hashed.next() {
            Some(next) => (kind, id) = next,
            None => return Ok(String::new()),
        }
    }
}

/// Whether a key is that of the blob that lists the directories of this index: `snapshot_path_{id}.{name}.…`.
pub(crate) fn lists(key: &str, index_id: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or_default();
    let rest = name
        .strip_prefix("snapshot_path_")
        .and_then(|rest| rest.strip_prefix(index_id));
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// What stands before the hash in the first shard's directory; `None` when that is the directory of another base.
fn prefix_of(kind: PathType, base: &str, paths: &ShardPaths) -> Option<String> {
    let computed = kind.directory(base, "", &paths.index_id, 0);
    let written = paths.paths.first()?.trim_matches('/');
    let (computed, written) = match kind {
        PathType::HashedInfix if !base.is_empty() => {
            (computed.strip_prefix(base)?, written.strip_prefix(base)?)
        }
        _ => (&*computed, written),
    };
    let prefix = written.strip_suffix(computed.trim_start_matches('/'))?;
    Some(prefix.trim_start_matches('/').to_owned())
}

fn key(source: &Source, path: &str) -> String {
    match source.base() {
        "" => path.to_owned(),
        base => format!("{base}/{path}"),
    }
}
