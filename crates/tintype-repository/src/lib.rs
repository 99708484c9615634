//! Reads and verifies snapshot repositories straight from their storage, without a server and without a cluster.

mod address;
pub mod attest;
pub mod finding;
pub mod format;
pub mod ledger;
pub mod lucene;
pub mod repository;
pub mod source;
pub mod survey;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verify;

pub use address::AddressRule;

/// How deep a check goes. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// L0: the root and `index.latest`.
    Root,
    /// L1: every metadata blob, and that they agree.
    Metadata,
    /// L2: every blob is there with its length.
    Presence,
    /// L2b: the first 64 and last 16 bytes of every file.
    Fingerprint,
    /// L3: the checksum of every byte, each blob once.
    Checksum,
    /// L4: the structure of the Lucene files, and the number of live documents.
    Structure,
}
