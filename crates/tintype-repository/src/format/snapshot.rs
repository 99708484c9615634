//! `snap-{uuid}.dat` at the root: what a snapshot says of itself.

use super::FormatError;

/// A decoded `SnapshotInfo`.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The writing engine's version id as written (OpenSearch's are XORed with 0x08000000).
    pub version_id: Option<i64>,
    /// The names of its indices.
    pub indices: Vec<String>,
    /// The names of its data streams.
    pub data_streams: Vec<String>,
    /// `SUCCESS`, `PARTIAL`, `FAILED`, `IN_PROGRESS` or `INCOMPATIBLE`, as written.
    pub state: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// Whether it holds global state; `None`: not written.
    pub include_global_state: Option<bool>,
    /// When it began, in ms since 1970.
    pub started: Option<i64>,
    /// When it ended, in ms since 1970.
    pub ended: Option<i64>,
    /// As written; clones of OpenSearch say 0.
    pub total_shards: u32,
    /// As written; clones of OpenSearch say 0.
    pub successful_shards: u32,
    /// The shards that could not be written.
    pub failures: Vec<ShardFailure>,
    /// OpenSearch's shallow copy (v1): the files lie in a remote store.
    pub shallow: bool,
    /// OpenSearch's shallow copy v2: ms since 1970, when above 0.
    pub pinned_timestamp: Option<i64>,
    /// The user's metadata, as JSON.
    pub user_metadata: Option<serde_json::Value>,
}

/// A shard that a snapshot has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardFailure {
    /// The index's name.
    pub index: String,
    /// The shard's number.
    pub shard: u32,
    /// The engine's words.
    pub reason: String,
}

impl Snapshot {
    /// Decodes the blob, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}
