//! Verification: a plan (what to read, in which order) and an execution (bounded streams), with typed findings.

mod assemble;
mod budget;
mod changed;
mod depend;
mod differences;
mod findings;
mod indices;
mod lost;
pub mod options;
mod outcome;
mod paths;
pub mod plan;
mod pool;
mod rate;
mod read;
pub mod report;
mod root;
mod run;
mod select;
mod shard;
mod snapshots;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod trouble;
pub mod verdict;

pub use findings::MOST_FINDINGS;
pub use lost::of_a_damaged_root;
pub use select::{matches, unknown};

use crate::{ledger::Ledger, repository::Repository};
use options::Options;
use report::{Estimate, Report};
use run::Run;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Live counters of a running verification, read by whoever shows them. One for each run.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of data to read, as far as known: it grows as shards are begun.
    pub bytes_total: AtomicU64,
    /// Bytes read, metadata included.
    pub bytes: AtomicU64,
    /// Shards to look at; 0 until the index metadata is read.
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
/// the repository. When the future is dropped, the threads that read stop soon.
///
/// Names in the options that the repository has not are passed over here: see [`unknown`].
pub async fn verify(
    repository: Arc<Repository>,
    options: Options,
    ledger: Arc<dyn Ledger>,
    progress: Arc<Progress>,
) -> Report {
    let begun = Instant::now();
    let mut guard = StopWhenDropped(Some(progress.clone()));
    let run = Arc::new(Run::new(repository, options, ledger, progress, false));
    root::check(&run).await;
    paths::check(&run).await;
    let mut snapshots = snapshots::read(&run).await;
    root::listed(&run, &mut snapshots);
    let snapshots = Arc::new(snapshots);
    let metadata = Arc::new(indices::read(&run, &snapshots).await);
    let context = Arc::new(shard::Context::new(run.clone(), snapshots, metadata));
    shard::read(context.clone()).await;
    let mounts = depend::mounts(&context);
    let beside = depend::Beside::read(&context, &mounts).await;
    let mut outcomes = run.outcomes.take();
    depend::settle(&context, mounts, beside.as_ref(), &mut outcomes);
    let changed = changed::look_again(&run).await;
    if let Err(error) = run.ledger.flush().await {
        tracing::warn!(%error, "the ledger cannot be written: what was read now may be read again");
    }
    let elapsed = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let report = assemble::report(&context, &outcomes, &changed, elapsed);
    guard.0 = None;
    report
}

/// What [`verify`] would read: metadata is read for it, data is not.
pub async fn estimate(repository: Arc<Repository>, options: Options, ledger: Arc<dyn Ledger>) -> Estimate {
    let progress = Arc::new(Progress::default());
    let _guard = StopWhenDropped(Some(progress.clone()));
    let run = Arc::new(Run::new(repository, options, ledger, progress.clone(), true));
    let count = run.plan.snapshots.len();
    let snapshots = Arc::new(vec![snapshots::Facts::by_root(); count]);
    let metadata = Arc::new(indices::read(&run, &snapshots).await);
    let context = Arc::new(shard::Context::new(run.clone(), snapshots, metadata));
    shard::read(context.clone()).await;
    depend::Beside::read(&context, &depend::mounts(&context)).await;
    let mut estimate = match &run.estimate {
        Some(estimate) => estimate.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        None => Estimate::default(),
    };
    estimate.blobs_by_ledger = run.blobs_by_ledger.load(Relaxed);
    // No data was read.
    estimate.metadata_bytes = progress.bytes.load(Relaxed);
    if run.options.level > crate::Level::Root {
        // The snapshots' own blobs and the shards' generations were not read for it.
        let shards = progress.shards_total.load(Relaxed);
        estimate.metadata_requests = progress.requests.load(Relaxed) + 2 * count as u64 + shards;
    }
    estimate
}

/// Stops the threads of a run that nobody waits for any more.
struct StopWhenDropped(Option<Arc<Progress>>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        if let Some(progress) = &self.0 {
            progress.stop.store(true, Relaxed);
        }
    }
}
