//! Says what was found where no repository is, and what to try.

use super::OpenError;
use super::open::generation;
use crate::source::{Entry, Source};

/// How many directories are looked into for a repository one level down.
const LOOKED_INTO: usize = 20;

/// A store that lists, with no `index-N` at the base.
pub(super) async fn listed(source: &Source, entries: &[Entry], directories: &[String]) -> OpenError {
    let here = source.location();
    let names = || entries.iter().filter_map(|entry| entry.key.rsplit('/').next());
    let words = if let Some(child) = below(source, directories).await {
        format!(
            "{here} is no repository, but {child} in it is: use {}/{child}",
            trimmed(here)
        )
    } else if let Some(parent) = above(source).await {
        format!("{here} is inside of a repository: use {parent}")
    } else if names().any(|name| name.starts_with("segments_")) {
        format!(
            "{here} is a Lucene index as an engine keeps it in its data path, not a snapshot repository: use the \
             location that the repository was registered with"
        )
    } else if names().any(|name| name == "index.latest" || is_snapshot(name)) {
        format!(
            "{here} holds blobs of a repository, but no index-N: the root is lost, and without it nothing can be read"
        )
    } else if entries.is_empty() && directories.is_empty() {
        format!(
            "{here} is empty or not there: use the location, and the base_path, that the repository was registered with"
        )
    } else {
        format!(
            "{here} is no snapshot repository: no index-N among its {} blobs and {} directories (such as {}); use the \
             location, and the base_path, that the repository was registered with",
            entries.len(),
            directories.len(),
            names()
                .chain(directories.iter().map(String::as_str))
                .take(3)
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    OpenError::NotARepository(words)
}

/// A store that cannot list, without `index.latest`.
pub(super) async fn unlisted(source: &Source) -> OpenError {
    OpenError::NotARepository(format!(
        "{}: no index.latest there, which a store that cannot be listed needs: is the URL that of the repository itself, \
         and does the engine write the file (support_url_repo)?",
        source.location()
    ))
}

/// A root that is not even text: encrypted, or not a root.
pub(super) fn not_json(source: &Source, blob: &str, bytes: &[u8]) -> Option<OpenError> {
    let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if begins == Some(&b'{') || bytes.is_ascii() {
        return None;
    }
    Some(OpenError::NotARepository(format!(
        "{}: {blob} holds no JSON but other data: it is damaged, or the repository is encrypted (by crypto_settings or a \
         plugin) and can be read only with its keys",
        source.location()
    )))
}

async fn below(source: &Source, directories: &[String]) -> Option<String> {
    for name in directories.iter().take(LOOKED_INTO) {
        let path = match source.base() {
            "" => name.clone(),
            base => format!("{base}/{name}"),
        };
        if is_repository(source, &path).await {
            return Some(name.clone());
        }
    }
    None
}

async fn above(source: &Source) -> Option<String> {
    let mut base = source.base();
    let mut up = trimmed(source.location());
    // A shard's directory lies three below the base.
    for _ in 0..3 {
        base = base.rsplit_once('/').map_or("", |(parent, _)| parent);
        up = up.rsplit_once('/')?.0;
        if source.base().is_empty() {
            return None;
        }
        if is_repository(source, base).await {
            return Some(up.to_owned());
        }
        if base.is_empty() {
            return None;
        }
    }
    None
}

async fn is_repository(source: &Source, path: &str) -> bool {
    let listing = source.directory(path).await;
    listing.is_ok_and(|(entries, _)| {
        entries.iter().any(|entry| generation(&entry.key).is_some()) && !is_shard(&entries)
    })
}

/// A shard's directory before 7.6 also holds `index-N`, beside data blobs.
pub(super) fn is_shard(entries: &[Entry]) -> bool {
    let names = || entries.iter().filter_map(|entry| entry.key.rsplit('/').next());
    // Whatever else somebody put beside a root.
    let is_root = names().any(|name| name == "index.latest" || name.starts_with("meta-"));
    !is_root && names().any(|name| name.starts_with("__"))
}

fn is_snapshot(name: &str) -> bool {
    name.starts_with("snap-") && name.ends_with(".dat")
}

fn trimmed(location: &str) -> &str {
    location.trim_end_matches('/')
}
