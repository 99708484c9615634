//! Reads and verifies snapshot repositories of Elasticsearch 6 to 9 and OpenSearch 1 to 3 straight from their storage,
//! without a server and without a cluster. Nothing is ever written to them.
//!
//! [`source`] opens a storage, [`repository`] what its root says, [`format`] and [`lucene`] decode its blobs. On these stand
//! [`verify`] (what can be restored, with a [`ledger`] of what was checked when), [`survey`] (what there is and what it costs)
//! and [`attest`] (signed lists of what a snapshot is made of).
//!
//! ```no_run
//! use std::sync::Arc;
//! use tintype_repository::{Level, ledger::MemoryLedger, repository::Repository, source::{Access, Source}};
//! use tintype_repository::verify::{options::Options, verdict::Verdict, verify};
//!
//! # async fn example(now: i64) -> Result<(), Box<dyn std::error::Error>> {
//! let source = Source::open("/mnt/backup", &Access::default())?;
//! let repository = Arc::new(Repository::open(source).await?);
//! let options = Options::new(Level::Structure, now);
//! let report = verify(repository, options, Arc::new(MemoryLedger::default()), Arc::default()).await;
//! assert_eq!(report.verdict, Verdict::Restorable);
//! # Ok(())
//! # }
//! ```

mod address;
pub mod attest;
pub mod finding;
pub mod format;
pub mod ledger;
pub mod lucene;
mod merge;
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
