//! Where a shard's directory lies: fixed, or hashed by OpenSearch 2.17 and later.

use super::FormatError;

/// How shard directories are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathType {
    /// `base/indices/{id}/{shard}`
    Fixed,
    /// `{hash}/base/indices/{id}/{shard}`: outside the base path.
    HashedPrefix,
    /// `base/{hash}/indices/{id}/{shard}`
    HashedInfix,
}

/// `snapshot_shard_paths/*`: JSON without a checksum. A restore does not read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardPaths {
    /// The index's directory name.
    pub index_id: String,
    /// Each shard's directory from the store's root, the base path included.
    pub paths: Vec<String>,
}

impl PathType {
    /// From the root's number; `None`: not supported.
    pub fn from_code(_code: u8) -> Option<Self> {
        unimplemented!()
    }

    /// The shard's directory from the store's root, without `/` at either end. `base` may be empty; `prefix` is what the
    /// cluster setting puts before the hash, mostly empty.
    pub fn directory(self, _base: &str, _prefix: &str, _index_id: &str, _shard: u32) -> String {
        unimplemented!()
    }
}

impl ShardPaths {
    /// Decodes the JSON.
    ///
    /// # Errors
    /// Not JSON, or a member is missing.
    pub fn parse(_bytes: &[u8]) -> Result<Self, FormatError> {
        unimplemented!()
    }
}
