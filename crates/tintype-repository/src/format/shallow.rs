//! `shallow-snap-{uuid}.dat`: OpenSearch's shallow copy, whose data lies in another store.

use super::FormatError;

/// Where a shallow copy's data lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShallowSnapshot {
    /// The snapshot's name.
    pub name: String,
    /// The repository that holds the segments.
    pub remote_repository: String,
    /// Its base path.
    pub remote_base_path: String,
    /// The index's own uuid: its directory there.
    pub index_uuid: String,
    /// The Lucene files.
    pub files: Vec<String>,
}

impl ShallowSnapshot {
    /// Decodes the blob, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}
