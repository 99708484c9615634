//! `index-N`: what snapshots and indices a repository has. JSON without a checksum.

mod read;
mod resolve;
mod shape;

use super::codec::position;
use super::{FormatError, Problem, shown};

/// The decoded root. Snapshots and indices are told apart by their position here, since a repository has up to millions
/// of pairs of them. `RepositoryData` of Elasticsearch 5 to 9 and OpenSearch 1 to 3.
#[derive(Debug, Clone, Default)]
pub struct Root {
    /// All snapshots, in the root's order.
    pub snapshots: Vec<RootSnapshot>,
    /// All indices, in the root's order.
    pub indices: Vec<RootIndex>,
    /// The identifiers of index metadata: identifier and the `X` of `meta-X.dat`. [`RootSnapshot::metadata`] points here.
    pub metadata: Vec<(Box<str>, Box<str>)>,
    /// The oldest version that may read it, as written.
    pub min_version: Option<Box<str>>,
    /// The repository's own uuid.
    pub uuid: Option<Box<str>>,
    /// The last cluster that wrote.
    pub cluster_id: Option<Box<str>>,
    /// Members of the root that no engine known to this version writes, such as `flavour` or `snapshots[].flavour`. Engines
    /// refuse those of the root itself.
    pub unknown: Vec<Box<str>>,
    /// Where the root contradicts itself or has what no engine writes, although an engine opens it. A healthy root has
    /// none: without a checksum, this is what betrays damage. At most [`MAX_CONTRADICTIONS`].
    pub contradictions: Vec<FormatError>,
}

/// More contradictions than this are not kept.
pub const MAX_CONTRADICTIONS: usize = 100;

/// More snapshots than this has no repository: engines stop at some hundreds or thousands.
const MAX_SNAPSHOTS: usize = 1 << 18;

/// More shards than this, of all indices together, are not read.
const MAX_SHARDS: usize = 1 << 22;

/// How an error begins that tells of more than this reader takes, which is no damage.
const MORE: &str = "more than ";

/// More names of unknown members than this are not kept.
const MAX_UNKNOWN: usize = 64;

/// A snapshot in the root.
#[derive(Debug, Clone, Default)]
pub struct RootSnapshot {
    /// Its name.
    pub name: Box<str>,
    /// Its uuid, in its blobs' names. Before 5.0 its name.
    pub uuid: Box<str>,
    /// 0 in progress, 1 success, 2 failed, 3 partial, 4 incompatible; `None` before it was written. `SnapshotState`.
    pub state: Option<u8>,
    /// The writing engine's version as written, since 7.6. Beside [`Self::index_version`] it is always `8.11.0`.
    pub version: Option<Box<str>>,
    /// The integer index version, since Elasticsearch 8.11.
    pub index_version: Option<u32>,
    /// Index (position in [`Root::indices`]) and metadata (position in [`Root::metadata`]), sorted by index; `None`: the
    /// format before 7.9, where the metadata blob is named by the snapshot's uuid. An index that is not among them is
    /// looked for in that way too.
    pub metadata: Option<Vec<(u32, u32)>>,
    /// When it began, in ms since 1970, where the root says so.
    pub started: Option<i64>,
    /// When it ended, in ms since 1970, where the root says so.
    pub ended: Option<i64>,
    /// The SLM policy that took it, where the root says so; empty: none did.
    pub policy: Option<Box<str>>,
}

/// An index in the root.
#[derive(Debug, Clone, Default)]
pub struct RootIndex {
    /// Its name.
    pub name: Box<str>,
    /// Its directory under `indices/`. A file's name, no path.
    pub id: Box<str>,
    /// The snapshots that hold it: positions in [`Root::snapshots`], sorted.
    pub snapshots: Vec<u32>,
    /// The current generation of each shard: absent before 7.6; `None` where it is null, and where it is a number, which
    /// is not reliable (`ShardGenerations.fixShardGeneration`): then the highest number in the listing is current. `_new`: the
    /// shard has no data yet.
    pub generations: Option<Vec<Option<Box<str>>>>,
    /// Where its shards lie: 0 fixed, 1 hashed prefix, 2 hashed infix; other numbers are not supported.
    pub path_type: u8,
    /// Whether the root says the path type at all: OpenSearch 2.17 and later.
    pub has_path_type: bool,
}

impl Root {
    /// Decodes `index-N`. What an engine opens is opened; what looks damaged nevertheless is in
    /// [`Self::contradictions`] and [`Self::unknown`].
    ///
    /// # Errors
    /// Not JSON, or a member that a reader needs is missing or impossible.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        read::read(bytes)
            .map_err(|error| refused(bytes, &error))
            .and_then(resolve::resolve)
    }

    /// The indices of each snapshot: positions in [`Self::indices`], sorted.
    pub fn indices_by_snapshot(&self) -> Vec<Vec<u32>> {
        let mut all = vec![Vec::new(); self.snapshots.len()];
        for (index, position) in self.indices.iter().zip(0..) {
            for snapshot in &index.snapshots {
                if let Some(indices) = all.get_mut(*snapshot as usize) {
                    indices.push(position);
                }
            }
        }
        all
    }

    /// The `X` of an index's `meta-X.dat` in a snapshot, and the identifier that the root gives it; `None`: neither is known
    /// here. Both are positions.
    pub fn metadata_of(&self, snapshot: u32, index: u32) -> Option<(&str, Option<&str>)> {
        let snapshot = self.snapshots.get(snapshot as usize)?;
        let lookup = snapshot.metadata.as_deref().unwrap_or_default();
        let found = lookup.binary_search_by_key(&index, |entry| entry.0).ok();
        let entry = found
            .and_then(|at| lookup.get(at))
            .and_then(|entry| self.metadata.get(entry.1 as usize));
        Some(match entry {
            Some((identifier, blob)) => (blob, Some(identifier)),
            None => (&snapshot.uuid, None),
        })
    }
}

fn refused(bytes: &[u8], error: &serde_json::Error) -> FormatError {
    let problem = if error.to_string().starts_with(MORE) {
        Problem::Unsupported
    } else if error.is_data() {
        Problem::Field
    } else {
        Problem::Syntax
    };
    let what = if error.is_data() {
        "is not the root of a repository"
    } else {
        "is not JSON"
    };
    let refused = FormatError::new(problem, format!("{what}: {}", shown(&error.to_string())));
    position(bytes, error).map_or(refused.clone(), |at| refused.at(at))
}

#[cfg(test)]
mod tests;
