//! `indices/{id}/meta-{X}.dat`: an index's metadata.

use super::FormatError;

/// A decoded `IndexMetadata`.
#[derive(Debug, Clone, Default)]
pub struct IndexMetadata {
    /// The index's name.
    pub name: String,
    /// `index.number_of_shards`.
    pub shards: u32,
    /// `index.uuid`.
    pub uuid: Option<String>,
    /// `index.version.created` as written.
    pub created: Option<i64>,
    /// All settings, flat.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// The mappings, decoded (an engine may write them as DEFLATE-compressed binary).
    pub mappings: Vec<serde_json::Value>,
    /// The aliases' names.
    pub aliases: Vec<String>,
    /// The snapshot that a searchable-snapshot index is mounted from.
    pub mounted: Option<Mounted>,
}

/// What `index.store.snapshot.*` or `index.searchable_snapshot.*` say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mounted {
    /// The repository's uuid.
    pub repository_uuid: Option<String>,
    /// The repository's name where it is registered.
    pub repository: Option<String>,
    /// The snapshot's name.
    pub snapshot: Option<String>,
    /// The snapshot's uuid.
    pub snapshot_uuid: Option<String>,
    /// The index's name in that snapshot.
    pub index: Option<String>,
    /// The index's directory under `indices/`.
    pub index_id: Option<String>,
}

impl IndexMetadata {
    /// Decodes the blob, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}
