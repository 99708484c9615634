//! A shard directory's `snap-{uuid}.dat` (one snapshot's files) and `index-{gen}` (all snapshots' files).

use super::{FormatError, file::FileInfo};

/// The files of a shard in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardSnapshot {
    /// The snapshot's name.
    pub name: String,
    /// When it began, in ms since 1970.
    pub started: i64,
    /// How many files it added.
    pub new_files: u64,
    /// How many bytes it added.
    pub new_bytes: u64,
    /// All files that a restore reads.
    pub files: Vec<FileInfo>,
}

/// What is known of all snapshots of a shard. A restore does not read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardGeneration {
    /// Every file of any snapshot.
    pub files: Vec<FileInfo>,
    /// Each snapshot's *name* (not uuid) and the names of its blobs.
    pub snapshots: Vec<(String, Vec<String>)>,
}

impl ShardSnapshot {
    /// Decodes `snap-{uuid}.dat`, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}

impl ShardGeneration {
    /// Decodes `index-{gen}`, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}
