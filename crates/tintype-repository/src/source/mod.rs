//! Where a repository lies, opened for reading only: a directory, S3, GCS, Azure or a read-only URL.
//!
//! Keys are relative to the *store's root* (a bucket, a container, a directory) with `/` between their parts; a repository
//! begins at [`Source::base`] under it, since OpenSearch's hashed prefixes lie beside the base path.

/// A blob in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the store's root.
    pub key: String,
    /// In bytes.
    pub length: u64,
    /// When it was last written, in ms since 1970; 0 when the store does not say.
    pub modified: i64,
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
