//! A repository opened at one generation: the decoded root, and where each blob lies.

mod diagnose;
mod keys;
mod lacks;
mod open;

use crate::format::index::IndexMetadata;
use crate::format::shard::{ShardGeneration, ShardSnapshot};
use crate::format::{FormatError, Problem, root::Root, shallow::ShallowSnapshot, snapshot::Snapshot};
use crate::source::{Entry, Source, SourceError};
use bytes::Bytes;

pub(crate) use lacks::{Lacks, is_finished, lies_elsewhere};
pub(crate) use open::{generation, latest as newest_by_latest, lists as lists_paths_of};

/// The largest root that is read, in bytes: a million pairs of snapshots and indices take about 90 MB.
pub const ROOT_CAP: u64 = 1 << 30;

/// The largest other metadata blob that is read, in bytes, as it lies in the store.
pub const METADATA_CAP: u64 = 256 << 20;

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
    /// What `index.latest` says; `None` when it is absent or no generation, or where the store lists and does not give it.
    pub latest: Option<u64>,
    /// What lies at the base, by key: blobs only. Empty where the store cannot list.
    pub base_listing: Vec<Entry>,
    /// What the cluster setting `cluster.snapshot.shard.path.prefix` put before the hashes of hashed paths, mostly empty.
    pub shard_prefix: String,
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
    /// There was a root, as what lies there shows, and there is none now.
    #[error(
        "{location} holds blobs of a repository, but no index-N: the root is lost, and without it no snapshot can be found. \
         Put it back from a copy of the storage before an engine writes there"
    )]
    RootLost {
        /// Where it was.
        location: String,
        /// Its generation, where `index.latest` says one.
        latest: Option<u64>,
    },
    /// The root cannot be decoded: it is damaged or, with [`Problem::Unsupported`], encrypted or of a form that is not known.
    #[error("{blob}: {error}; without the root no snapshot can be found")]
    Root {
        /// `index-N`.
        blob: String,
        /// What is wrong with it.
        error: FormatError,
    },
}

impl OpenError {
    /// Whether it is damage: a repository is there, and nothing of it can be restored. Otherwise nothing is known.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::RootLost { .. } => true,
            Self::Root { error, .. } => error.problem != Problem::Unsupported,
            Self::Source(_) | Self::NotARepository(_) => false,
        }
    }
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
    pub async fn open(source: Source) -> Result<Self, OpenError> {
        open::open(source).await
    }

    /// Whether a newer generation exists by now.
    ///
    /// # Errors
    /// The store.
    pub async fn has_moved(&self) -> Result<bool, SourceError> {
        Ok(open::newest(&self.source).await? != Some(self.generation))
    }

    /// Positions of snapshots in the root by name or uuid, newest last.
    pub fn find_snapshot(&self, name_or_uuid: &str) -> Option<u32> {
        let of = |what: fn(&crate::format::root::RootSnapshot) -> &str| {
            let found = self
                .root
                .snapshots
                .iter()
                .rposition(|s| what(s) == name_or_uuid)?;
            u32::try_from(found).ok()
        };
        of(|snapshot| &snapshot.name).or_else(|| of(|snapshot| &snapshot.uuid))
    }

    /// Reads `snap-{uuid}.dat`.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn snapshot(&self, snapshot: u32) -> Result<Snapshot, BlobError> {
        self.decode(self.snapshot_key(snapshot), Snapshot::parse).await
    }

    /// Reads the index's metadata in that snapshot.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn index_metadata(&self, snapshot: u32, index: u32) -> Result<IndexMetadata, BlobError> {
        self.decode(self.index_metadata_key(snapshot, index), IndexMetadata::parse)
            .await
    }

    /// Reads the shard's `snap-{uuid}.dat`.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn shard_snapshot(
        &self,
        snapshot: u32,
        index: u32,
        shard: u32,
    ) -> Result<ShardSnapshot, BlobError> {
        let key = self.shard_snapshot_key(snapshot, index, shard);
        self.decode(key, ShardSnapshot::parse).await
    }

    /// Reads the shard's `shallow-snap-{uuid}.dat`.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn shallow_snapshot(
        &self,
        snapshot: u32,
        index: u32,
        shard: u32,
    ) -> Result<ShallowSnapshot, BlobError> {
        let directory = self.shard_directory(index, shard);
        let key = format!("{directory}/shallow-snap-{}.dat", self.snapshot_uuid(snapshot));
        self.decode(key, ShallowSnapshot::parse).await
    }

    /// Reads a shard's `index-{generation}`.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn shard_generation(
        &self,
        index: u32,
        shard: u32,
        generation: &str,
    ) -> Result<ShardGeneration, BlobError> {
        let key = format!("{}/index-{generation}", self.shard_directory(index, shard));
        self.decode(key, ShardGeneration::parse).await
    }

    async fn decode<T>(
        &self,
        key: String,
        parse: fn(&[u8]) -> Result<T, FormatError>,
    ) -> Result<T, BlobError> {
        let bytes: Bytes = self.source.get(&key, METADATA_CAP).await?;
        parse(&bytes).map_err(|error| BlobError::Format { key, error })
    }
}
