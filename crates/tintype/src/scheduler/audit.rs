//! Forgets rows of the audit log that are old enough, once an hour and a little at a time.

use crate::app::App;
use jiff::SignedDuration;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_secs(3600);
/// Rows in one transaction: other writes wait for no more than these.
const BATCH: u32 = 500;
/// Refusals of nobody known are what strangers can make at will: they are kept no longer than this.
const ANONYMOUS_DAYS: i64 = 30;

/// Looks until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    loop {
        if let Err(error) = prune(app, shutdown).await {
            tracing::error!(%error, "old rows of the audit log could not be forgotten");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

async fn prune(app: &App, shutdown: &CancellationToken) -> crate::store::Result<()> {
    let before = |days: i64| app.clock.now() - SignedDuration::from_hours(24 * days);
    let keep = before(app.config.audit.keep_days.into());
    while !shutdown.is_cancelled() {
        let gone = app.store.prune_audit(keep, before(ANONYMOUS_DAYS), BATCH).await?;
        if gone < u64::from(BATCH) {
            break;
        }
    }
    Ok(())
}
