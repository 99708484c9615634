//! Raises and clears the alerts of late and failing clusters. The store keeps what was told, so that a second run, or
//! one after a crash, tells nothing again.

use crate::app::App;
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often, at the least, it is looked who is late.
const TICK: Duration = Duration::from_secs(5);

/// Clusters settled at once.
const AT_ONCE: usize = 64;

/// Looks until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let tick = TICK.min(Duration::from_secs(app.config.watch.interval_seconds));
    while !shutdown.is_cancelled() {
        if let Err(error) = settle(app).await {
            tracing::error!(%error, "late clusters could not be looked for");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(tick) => {}
        }
    }
}

async fn settle(app: &App) -> crate::store::Result<()> {
    let default = i64::try_from(app.config.alerts.max_age_seconds).unwrap_or(i64::MAX / 1000);
    let now = app.clock.now();
    let unsettled = app.store.unsettled_alerts(default, now).await?;
    // Together, since the store commits together what waits together: a network that fails makes a whole fleet late.
    let mut settled = stream::iter(unsettled)
        .map(async |id| (app.store.settle_alert(&id, default, now).await, id))
        .buffer_unordered(AT_ONCE);
    while let Some((told, id)) = settled.next().await {
        for event in told? {
            tracing::info!(cluster = %id, event = event.as_str(), "a cluster's snapshots stand otherwise now");
        }
    }
    Ok(())
}
