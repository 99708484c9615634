//! `index-N`: what snapshots and indices a repository has. JSON without a checksum.

use super::FormatError;

/// The decoded root. Snapshots and indices are told apart by their position here, since a repository has up to millions
/// of pairs of them.
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
    /// Members of the root that no engine known to this version writes.
    pub unknown: Vec<Box<str>>,
}

/// A snapshot in the root.
#[derive(Debug, Clone)]
pub struct RootSnapshot {
    /// Its name.
    pub name: Box<str>,
    /// Its uuid, in its blobs' names.
    pub uuid: Box<str>,
    /// 0 in progress, 1 success, 2 failed, 3 partial, 4 incompatible; `None` before it was written.
    pub state: Option<u8>,
    /// The writing engine's version as written, since 7.6.
    pub version: Option<Box<str>>,
    /// The integer index version, since Elasticsearch 8.11.
    pub index_version: Option<u32>,
    /// Index (position in [`Root::indices`]) and metadata (position in [`Root::metadata`]), sorted by index; `None`: the
    /// format before 7.9, where the metadata blob is named by the snapshot's uuid.
    pub metadata: Option<Vec<(u32, u32)>>,
    /// When it began, in ms since 1970, where the root says so.
    pub started: Option<i64>,
    /// When it ended, in ms since 1970, where the root says so.
    pub ended: Option<i64>,
    /// The SLM policy that took it, where the root says so.
    pub policy: Option<Box<str>>,
}

/// An index in the root.
#[derive(Debug, Clone)]
pub struct RootIndex {
    /// Its name.
    pub name: Box<str>,
    /// Its directory under `indices/`.
    pub id: Box<str>,
    /// The snapshots that hold it: positions in [`Root::snapshots`], sorted.
    pub snapshots: Vec<u32>,
    /// The current generation of each shard as written: absent before 7.6, `None` where it is null.
    pub generations: Option<Vec<Option<Box<str>>>>,
    /// Where its shards lie: 0 fixed, 1 hashed prefix, 2 hashed infix; other numbers are not supported.
    pub path_type: u8,
}

impl Root {
    /// Decodes `index-N`.
    ///
    /// # Errors
    /// Not JSON, or a member that a reader needs is missing or impossible.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}
