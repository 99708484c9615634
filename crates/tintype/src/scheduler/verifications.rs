//! Starts the verifications of repositories that are due, and forgets checks that are too old to vouch for anything. The
//! store keeps what was started when, so that a second run, or one after a crash, starts nothing again.

use crate::app::App;
use jiff::SignedDuration;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks at the schedules.
const TICK: Duration = Duration::from_secs(5);
/// Looks between two prunings of the ledger.
const PRUNE_EVERY: u32 = 720;
/// A blob that was not looked at for so long is gone, or as good as never checked.
const KEEP_DAYS: i64 = 400;
/// Blobs forgotten in one transaction.
const BATCH: u32 = 5_000;

/// Looks until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let mut looks = 0_u32;
    loop {
        if let Err(error) = app.operations.start_due_verifications().await {
            tracing::error!(%error, "due verifications could not be looked for");
        }
        if looks.is_multiple_of(PRUNE_EVERY)
            && let Err(error) = prune(app, shutdown).await
        {
            tracing::error!(%error, "old checks could not be forgotten");
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn prune(app: &App, shutdown: &CancellationToken) -> crate::store::Result<()> {
    let before = app.clock.now() - SignedDuration::from_hours(24 * KEEP_DAYS);
    while !shutdown.is_cancelled() && app.store.prune_checks(before, BATCH).await? == u64::from(BATCH) {}
    Ok(())
}
