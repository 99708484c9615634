//! Says what was found where no repository can be opened, and what to try.

use super::OpenError;
use super::open::generation;
use crate::format::codec::HEADER_MAGIC;
use crate::format::{FormatError, Problem};
use crate::source::{Access, Entry, Source};

/// How many directories are looked into for a repository one level down.
const LOOKED_INTO: usize = 20;

/// So far below the base lies the directory of a shard.
const LEVELS: usize = 3;

/// So many blobs of metadata tell a damaged root from an encrypted repository.
const COMPARED: usize = 8;

/// A store that lists, with no `index-N` at the base.
pub(super) async fn listed(
    source: &Source,
    latest: Option<u64>,
    entries: &[Entry],
    directories: &[String],
) -> OpenError {
    let here = source.location();
    if had_a_root(entries, directories) {
        return OpenError::RootLost {
            location: here.to_owned(),
            latest,
        };
    }
    let has_directory = |name: &str| directories.iter().any(|own| own == name);
    let words = if let Some(child) = below(source, directories).await {
        format!(
            "{here} is no repository, but {child} in it is: use {}/{child}",
            without_parameters(here)
        )
    } else if let Some(parent) = above(source).await {
        format!("{here} is inside of a repository: the repository is at {parent}")
    } else if names(entries).any(|name| name.starts_with("segments_")) || has_directory("_state") {
        format!(
            "{here} is a part of an engine's data path, such as a Lucene index, not a snapshot repository: use the \
             location that the repository was registered with"
        )
    } else if names(entries).any(is_global) || has_directory("indices") {
        format!(
            "{here} holds blobs as a repository does, but no index-N, no index.latest and no snap-*.dat: the first \
             snapshot is not finished yet, or all of these are lost"
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
            names(entries)
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

/// The newest root was named, and was not there each time that it was to be read.
pub(super) fn vanished(source: &Source, attempts: u32) -> OpenError {
    let here = source.location();
    OpenError::NotARepository(if source.lists() {
        format!(
            "{here}: the newest index-N vanished {attempts} times between listing and reading it; is something else \
             deleting there? Try again"
        )
    } else {
        format!(
            "{here}: index.latest names an index-N that is not there: it was left behind, or the root is lost, which a \
             store that cannot be listed does not tell. Look at the storage itself"
        )
    })
}

/// Whether there was a root, by what is written with one: `index.latest`, and each snapshot's own blob. A shard has blobs of that
/// name, too, and not what lies beside them here. All else is there before the first snapshot ends.
fn had_a_root(entries: &[Entry], directories: &[String]) -> bool {
    let is_base = names(entries).any(is_global) || directories.iter().any(|name| name == "indices");
    names(entries).any(|name| name == "index.latest") || is_base && names(entries).any(is_snapshot)
}

/// What to say of a root that does not decode, where that shows the repository to be encrypted: the root is no text, and no
/// metadata beside it has its header. Damage to one blob is not that.
pub(super) async fn encrypted(
    source: &Source,
    latest: Option<u64>,
    listing: &[Entry],
    bytes: &[u8],
) -> Option<FormatError> {
    if std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let is_metadata = |entry: &&Entry| is_snapshot(name(entry)) || is_global(name(entry));
    let metadata: Vec<&Entry> = listing.iter().filter(is_metadata).take(COMPARED).collect();
    // A generation in plain bytes is not that of an encrypted repository.
    if metadata.is_empty() && latest.is_some() {
        return None;
    }
    for entry in metadata {
        let head = source.range(&entry.key, 0..4).await;
        if head.is_ok_and(|head| *head == HEADER_MAGIC.to_be_bytes()) {
            return None;
        }
    }
    Some(FormatError::new(
        Problem::Unsupported,
        "is no text, and no metadata beside it shows its header: the repository is encrypted (by crypto_settings or a \
         plugin) and can be read only with its keys, or all of it is damaged",
    ))
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

/// The repository that this is a directory of.
async fn above(source: &Source) -> Option<String> {
    if let Some(path) = source.path() {
        for path in path.ancestors().skip(1).take(LEVELS) {
            let path = path.to_str()?;
            let opened = Source::open(path, &Access::default());
            if let Ok(parent) = opened
                && is_repository(&parent, "").await
            {
                return Some(path.to_owned());
            }
        }
        return None;
    }
    let (mut base, mut up) = (source.base(), without_parameters(source.location()));
    for _ in 0..LEVELS {
        if base.is_empty() {
            return None;
        }
        base = base.rsplit_once('/').map_or("", |(parent, _)| parent);
        up = up.rsplit_once('/')?.0;
        if is_repository(source, base).await {
            return Some(up.to_owned());
        }
    }
    None
}

async fn is_repository(source: &Source, path: &str) -> bool {
    let listing = source.directory(path).await;
    let is_root = |entry: &Entry| generation(&entry.key).is_some() || name(entry) == "index.latest";
    listing.is_ok_and(|(entries, _)| entries.iter().any(is_root) && !is_shard(&entries))
}

/// A shard's directory before 7.6 also holds `index-N`, beside data blobs.
pub(super) fn is_shard(entries: &[Entry]) -> bool {
    // Whatever else somebody put beside a root.
    let is_root = names(entries).any(|name| name == "index.latest" || name.starts_with("meta-"));
    !is_root && names(entries).any(|name| name.starts_with("__"))
}

fn names(entries: &[Entry]) -> impl Iterator<Item = &str> {
    entries.iter().map(name)
}

fn name(entry: &Entry) -> &str {
    entry.key.rsplit('/').next().unwrap_or_default()
}

fn is_snapshot(name: &str) -> bool {
    name.starts_with("snap-") && name.ends_with(".dat")
}

fn is_global(name: &str) -> bool {
    name.starts_with("meta-") && name.ends_with(".dat")
}

/// A location as it is given: account and endpoint are no part of a URL that is opened.
fn without_parameters(location: &str) -> &str {
    let plain = location.split_once('?').map_or(location, |(plain, _)| plain);
    plain.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_try_has_no_parameters() {
        for (location, plain) in [
            ("s3://b/r?account=a&endpoint=http://h:1", "s3://b/r"),
            ("file:///r", "file:///r"),
            ("https://h/r/", "https://h/r"),
        ] {
            assert_eq!(without_parameters(location), plain);
        }
    }
}
