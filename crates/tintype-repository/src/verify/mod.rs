//! Verification: a plan (what to read, in which order) and an execution (bounded streams), with typed findings.

pub mod options;
pub mod report;
pub mod verdict;

use crate::{ledger::Ledger, repository::Repository};
use options::Options;
use report::{Estimate, Report};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// Live counters of a running verification, read by whoever shows them.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes to read, as far as known.
    pub bytes_total: AtomicU64,
    /// Bytes read.
    pub bytes: AtomicU64,
    /// Shards to look at.
    pub shards_total: AtomicU64,
    /// Shards done.
    pub shards: AtomicU64,
    /// Requests sent to the store.
    pub requests: AtomicU64,
    /// Errors found.
    pub errors: AtomicU64,
    /// Set by the caller to stop early; the report then says that it is not complete.
    pub stop: AtomicBool,
}

/// Verifies. Never fails as a whole: what cannot be read is a finding and makes verdicts unknown. Nothing is written to
/// the repository.
pub async fn verify(
    _repository: Arc<Repository>,
    _options: Options,
    _ledger: Arc<dyn Ledger>,
    _progress: Arc<Progress>,
) -> Report {
    unimplemented!()
}

/// What [`verify`] would read: metadata is read for it, data is not.
pub async fn estimate(_repository: Arc<Repository>, _options: Options, _ledger: Arc<dyn Ledger>) -> Estimate {
    unimplemented!()
}
