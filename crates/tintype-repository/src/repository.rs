//! A repository opened at one generation: the decoded root, and where each blob lies.

use crate::format::{
    FormatError, index::IndexMetadata, root::Root, shard::ShardSnapshot, snapshot::Snapshot,
};
use crate::source::{Entry, Source, SourceError};

/// A repository pinned to one generation. Cheap to share behind an `Arc`; everything in it is immutable.
#[derive(Debug)]
pub struct Repository {
    /// Where it lies.
    pub source: Source,
    /// The generation that was opened: the N of `index-N`.
    pub generation: u64,
    /// The decoded `index-N`.
    pub root: Root,
    /// SHA-256 of `index-N`.
    pub root_sha256: [u8; 32],
    /// What `index.latest` says; `None` when it is absent or no generation.
    pub latest: Option<u64>,
    /// What lies at the base: blobs only. Empty where the store cannot list.
    pub base_listing: Vec<Entry>,
}

/// Why there is no repository to look at; in words that say what was found and what to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing there looks like a repository: one level off, empty, or something else.
    #[error("{0}")]
    NotARepository(String),
    /// The root cannot be decoded.
    #[error("{blob}: {error}")]
    Root {
        /// `index-N`.
        blob: String,
        /// What is wrong with it.
        error: FormatError,
    },
}

/// A metadata blob that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The store.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its bytes.
    #[error("{key}: {error}")]
    Format {
        /// From the store's root.
        key: String,
        /// What is wrong.
        error: FormatError,
    },
}

impl Repository {
    /// Opens the newest generation.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(_source: Source) -> Result<Self, OpenError> {
        unimplemented!()
    }
    /// Whether a newer generation exists by now.
    ///
    /// # Errors
    /// The store.
    pub async fn has_moved(&self) -> Result<bool, SourceError> {
        unimplemented!()
    }
    /// Positions of snapshots in the root by name or uuid, newest last.
    pub fn find_snapshot(&self, _name_or_uuid: &str) -> Option<u32> {
        unimplemented!()
    }
    /// The key of `snap-{uuid}.dat`.
    pub fn snapshot_key(&self, _snapshot: u32) -> String {
        unimplemented!()
    }
    /// The key of the index's metadata in that snapshot.
    pub fn index_metadata_key(&self, _snapshot: u32, _index: u32) -> String {
        unimplemented!()
    }
    /// The shard's directory from the store's root.
    pub fn shard_directory(&self, _index: u32, _shard: u32) -> String {
        unimplemented!()
    }
    /// Reads `snap-{uuid}.dat`.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn snapshot(&self, _snapshot: u32) -> Result<Snapshot, BlobError> {
        unimplemented!()
    }
    /// Reads the index's metadata in that snapshot.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn index_metadata(&self, _snapshot: u32, _index: u32) -> Result<IndexMetadata, BlobError> {
        unimplemented!()
    }
    /// Reads the shard's `snap-{uuid}.dat`.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn shard_snapshot(
        &self,
        _snapshot: u32,
        _index: u32,
        _shard: u32,
    ) -> Result<ShardSnapshot, BlobError> {
        unimplemented!()
    }
}
