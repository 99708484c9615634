//! What was checked when, so that checks can be spread over days and resumed.

mod file;
mod memory;
mod record;
mod table;

pub use file::FileLedger;
pub use memory::MemoryLedger;

use async_trait::async_trait;
use aws_lc_rs::digest;

/// A blob as a ledger knows it: one that changed is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobKey(
    /// The first 16 bytes of SHA-256 over location, blob, length and recorded checksum.
    pub [u8; 16],
);

impl BlobKey {
    /// The key of a blob: where its repository lies, its path from the repository's base as if no path was hashed, its
    /// length in bytes and the checksum that the metadata records for it.
    pub fn of(location: &str, blob: &str, length: u64, checksum: u32) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for text in [location, blob] {
            context.update(text.as_bytes());
            context.update(&[0]);
        }
        context.update(&length.to_le_bytes());
        context.update(&checksum.to_le_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(context.finish().as_ref().get(..16).unwrap_or(&[0; 16]));
        Self(key)
    }
}

/// A check that a blob passed; or [`Check::FAILED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// At which level: [`Level::Fingerprint`] or [`Level::Checksum`].
    pub level: crate::Level,
    /// When, in ms since 1970.
    pub at: i64,
}

impl Check {
    /// A check that was not passed: it takes all of the blob's passes before it out of a ledger, so that the blob is read
    /// again each time until it passes.
    pub const FAILED: Self = Self {
        level: crate::Level::Checksum,
        at: 0,
    };

    /// Whether it is [`Self::FAILED`].
    pub fn is_failure(&self) -> bool {
        self.at <= 0
    }
}

/// Remembers checks that were passed, until the same blob fails one.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The last check of each at `level` or above, in the order asked; `None`: never.
    ///
    /// # Errors
    /// The ledger cannot be read.
    async fn last(&self, level: crate::Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>, LedgerError>;

    /// Remembers checks, and forgets what a failure ends. They are durable after [`Ledger::flush`].
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_that_changed_is_another_one() {
        let key = BlobKey::of("/repo", "indices/a/0/__b", 5, 7);
        assert_eq!(key, BlobKey::of("/repo", "indices/a/0/__b", 5, 7));
        for other in [
            BlobKey::of("/repo/", "indices/a/0/__b", 5, 7),
            BlobKey::of("/repo", "indices/a/0/__c", 5, 7),
            BlobKey::of("/repo", "indices/a/0/__b", 6, 7),
            BlobKey::of("/repo", "indices/a/0/__b", 5, 8),
            BlobKey::of("/repoi", "ndices/a/0/__b", 5, 7),
        ] {
            assert_ne!(key, other);
        }
    }
}
