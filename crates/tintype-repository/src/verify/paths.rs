//! L1 of `snapshot_shard_paths/*`, which list the hashed directories of an index. A restore computes them instead.

use super::findings::{Found, Place};
use super::plan::Index;
use super::pool;
use super::run::Run;
use super::trouble::Trouble;
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::shard_path::{PathType, ShardPaths};
use crate::repository::lists_paths_of;
use crate::source::Entry;
use std::sync::Arc;

pub(super) async fn check(run: &Arc<Run>) {
    if run.options.level < Level::Metadata || !run.repository.source.lists() {
        return;
    }
    let hashed = |planned: &Index| {
        let kind = run.repository.path_type(planned.index)?;
        (kind != PathType::Fixed).then(|| (planned.clone(), kind))
    };
    let hashed: Arc<Vec<(Index, PathType)>> = Arc::new(run.plan.indices.iter().filter_map(hashed).collect());
    if hashed.is_empty() {
        return;
    }
    let directory = run.repository.key("snapshot_shard_paths");
    let entries = match run.reader.directory(&directory).await {
        Ok(entries) => Arc::new(entries),
        Err(error) => {
            let place = run.place("snapshot_shard_paths".to_owned());
            return run.found(Trouble::Source(error).warning(place));
        }
    };
    let own = run.clone();
    pool::each(run.threads(), hashed.len(), run.stop(), move |number| {
        let (run, hashed, entries) = (own.clone(), hashed.clone(), entries.clone());
        async move {
            if let Some((planned, kind)) = hashed.get(number)
                && let Some(found) = one(&run, &entries, planned.index, *kind).await
            {
                // An engine that deletes the last of these snapshots deletes the blob too.
                let snapshots = planned.pairs.clone().map(|pair| run.plan.snapshot(pair));
                run.found(found.of_index(planned.index).hurting(snapshots));
            }
        }
    })
    .await;
}

/// What is wrong with the blob that lists an index's directories.
async fn one(run: &Run, entries: &[Entry], index: u32, kind: PathType) -> Option<Found> {
    let id = run.repository.index_id(index);
    let Some(entry) = entries.iter().find(|entry| lists_paths_of(&entry.key, id)) else {
        let place = run.place(format!("snapshot_shard_paths/snapshot_path_{id}.*"));
        let found = Found::new(Severity::Warning, Kind::BlobMissing, place, "is not there");
        return Some(found);
    };
    let name = entry.key.rsplit('/').next().unwrap_or_default();
    let place = Place {
        blob: format!("snapshot_shard_paths/{name}"),
        key: entry.key.clone(),
    };
    let paths = match run.metadata(&place.key, ShardPaths::parse).await {
        Ok(paths) => paths,
        Err(trouble) => return Some(trouble.warning(place)),
    };
    let (expected, actual) = differs(kind, &run.repository.shard_prefix, id, &paths)?;
    let what = "names another index or other directories than its shards have";
    let found = Found::new(Severity::Warning, Kind::MetadataContradiction, place, what);
    Some(found.differs(expected, actual))
}

/// What is expected, and what stands there. The base is not compared: a repository may have been copied to another.
fn differs(kind: PathType, prefix: &str, id: &str, paths: &ShardPaths) -> Option<(String, String)> {
    if paths.index_id != id {
        return Some((id.to_owned(), paths.index_id.clone()));
    }
    (0u32..).zip(&paths.paths).find_map(|(shard, written)| {
        let plain = kind.directory("", prefix, id, shard);
        let (hash, rest) = plain.split_once('/')?;
        let good = match kind {
            PathType::HashedPrefix => {
                let behind = written
                    .strip_prefix(hash)
                    .and_then(|behind| behind.strip_suffix(rest));
                behind.is_some_and(|base| base.starts_with('/') && base.ends_with('/'))
            }
            _ => written
                .strip_suffix(&*plain)
                .is_some_and(|base| base.is_empty() || base.ends_with('/')),
        };
        (!good).then(|| (plain.clone(), written.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_compared_without_the_base() {
        let id = "aBcDeFgHiJkLmNoPqRsTuV";
        for kind in [PathType::HashedPrefix, PathType::HashedInfix] {
            for (base, prefix) in [("", ""), ("a/b", "x"), ("backups", "")] {
                let mut paths = ShardPaths {
                    index_id: id.to_owned(),
                    paths: (0..3)
                        .map(|shard| kind.directory(base, prefix, id, shard))
                        .collect(),
                };
                assert_eq!(differs(kind, prefix, id, &paths), None);
                paths.paths.swap(1, 2);
                assert!(differs(kind, prefix, id, &paths).is_some());
                paths.paths.swap(1, 2);
                assert!(differs(kind, "other", id, &paths).is_some());
                paths.index_id.push('x');
                assert!(differs(kind, prefix, id, &paths).is_some());
            }
        }
    }
}
