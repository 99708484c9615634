//! Where a repository lies, opened for reading only: a directory, S3, GCS, Azure or a read-only URL.
//!
//! Keys are relative to the *store's root* (a bucket, a container, a directory) with `/` between their parts; a repository
//! begins at [`Source::base`] under it, since OpenSearch's hashed prefixes lie beside the base path.

use bytes::Bytes;
use secrecy::SecretString;
use std::ops::Range;

/// How to reach a store, beside its URL. What is absent comes from the usual variables of the environment
/// (`AWS_*`, `AZURE_*`, `GOOGLE_*`) where `from_environment` allows that: the command line does, the server does not.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Read credentials, region and endpoint from the environment where they are absent here.
    pub from_environment: bool,
    /// The endpoint when it is not the cloud's own: `http` or `https`.
    pub endpoint: Option<String>,
    /// S3: the region.
    pub region: Option<String>,
    /// s3: access key; az: account; gs: client e-mail.
    pub username: Option<String>,
    /// s3: secret key; az: account key; gs: private key (PEM) or a whole service account (JSON).
    pub password: Option<SecretString>,
    /// Which addresses may not be connected to; `None`: all may.
    pub refused: Option<crate::AddressRule>,
}

/// Takes bytes in order.
pub trait Sink: Send + 'static {
    /// The next bytes; never empty.
    fn take(&mut self, bytes: &[u8]);
}

/// A store opened for reading. Cheap to clone. A directory is read with plain blocking calls inside these async methods
/// (that is what makes it fast), so callers that must not block run them on a thread for blocking work.
#[derive(Debug, Clone)]
pub struct Source;

impl Source {
    /// Opens a URL: a path, `file://…`, `s3://bucket/base`, `gs://bucket/base`, `az://container/base`, `http(s)://…` (the
    /// engines' read-only `url` type: no listing). Nothing is sent yet. A directory must exist. For a path the store's root
    /// is found so that hashed prefixes beside the base are seen: see `docs/repository-format.md`.
    ///
    /// # Errors
    /// [`Cause::Usage`] or [`Cause::Missing`], saying what would be right.
    pub fn open(_url: &str, _access: &Access) -> Result<Self, SourceError> {
        unimplemented!()
    }
    /// The canonical URL of the repository (store and base), without secrets: what a ledger's keys and reports name.
    pub fn location(&self) -> &str {
        unimplemented!()
    }
    /// The repository's base from the store's root, without `/` at either end; empty for the root.
    pub fn base(&self) -> &str {
        unimplemented!()
    }
    /// Whether it can list at all (`http(s)` cannot).
    pub fn lists(&self) -> bool {
        unimplemented!()
    }
    /// Whether it is a directory of this machine.
    pub fn is_local(&self) -> bool {
        unimplemented!()
    }
    /// A whole blob of at most `cap` bytes.
    ///
    /// # Errors
    /// See [`Cause`]; [`Cause::TooLarge`] before more than the cap was read.
    pub async fn get(&self, _key: &str, _cap: u64) -> Result<Bytes, SourceError> {
        unimplemented!()
    }
    /// Some bytes of a blob. Fewer come back only where the blob ends.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn range(&self, _key: &str, _range: Range<u64>) -> Result<Bytes, SourceError> {
        unimplemented!()
    }
    /// Streams a range of a blob through `sink` in bounded memory and gives it back with the number of bytes read. A stream
    /// that is cut goes on where it was; each byte reaches the sink once, in order.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn scan<S: Sink>(
        &self,
        _key: &str,
        _range: Range<u64>,
        _sink: S,
    ) -> Result<(S, u64), SourceError> {
        unimplemented!()
    }
    /// Everything under `prefix` (a directory from the store's root, no `/` at the end), in any order, page by page.
    /// A prefix that is not there is empty.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn list(
        &self,
        _prefix: &str,
        _each: &mut (dyn FnMut(Entry) + Send),
    ) -> Result<(), SourceError> {
        unimplemented!()
    }
    /// What lies directly in a directory: its blobs, and the names (last part) of its directories.
    ///
    /// # Errors
    /// See [`Cause`].
    pub async fn directory(&self, _prefix: &str) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
        unimplemented!()
    }
}

/// A blob in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the store's root.
    pub key: String,
    /// In bytes.
    pub length: u64,
    /// When it was last written, in ms since 1970; 0 when the store does not say.
    pub modified: i64,
    /// In an archive tier (Glacier, Deep Archive, Azure's Archive), where the store's listing tells that.
    pub archived: bool,
}

/// Why a blob or a listing could not be read. Its words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What kind of trouble.
    pub cause: Cause,
    /// The store's own words, with the key, and what to try.
    pub message: String,
}

/// Kinds of trouble with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The blob, bucket, container or directory is not there.
    Missing,
    /// The store does not let us.
    Denied,
    /// The blob is archived and must be thawed first.
    Archived,
    /// Throttled, cut, timed out or unreachable, after all retries: nothing is known of the blob.
    Unavailable,
    /// Larger than the reader's cap.
    TooLarge,
    /// A URL, a region or an option that cannot be right.
    Usage,
}
