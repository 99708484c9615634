//! What was checked when, so that checks can be spread over days and resumed.

use async_trait::async_trait;

/// A blob as a ledger knows it: one that changed is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobKey(
    /// The first 16 bytes of SHA-256 over location, blob, length and recorded checksum.
    pub [u8; 16],
);

/// A check that a blob passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// At which level: [`Level::Fingerprint`] or [`Level::Checksum`].
    pub level: crate::Level,
    /// When, in ms since 1970.
    pub at: i64,
}

/// Remembers checks that were passed. Never those that failed: a blob that failed is read again each time.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The last check of each at `level` or above, in the order asked; `None`: never.
    ///
    /// # Errors
    /// The ledger cannot be read.
    async fn last(&self, level: crate::Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>, LedgerError>;

    /// Remembers checks. They are durable after [`Ledger::flush`].
    ///
    /// # Errors
    /// The ledger cannot be written.
    async fn record(&self, checks: &[(BlobKey, Check)]) -> Result<(), LedgerError>;

    /// Makes all that was recorded durable.
    ///
    /// # Errors
    /// The ledger cannot be written.
    async fn flush(&self) -> Result<(), LedgerError>;
}

/// A ledger cannot be read or written; in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LedgerError(pub String);
