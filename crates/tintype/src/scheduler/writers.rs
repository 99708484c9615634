//! Looks for locations with several writers, once a watch interval.

use crate::app::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Looks until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let interval = Duration::from_secs(app.config.watch.interval_seconds);
    loop {
        if let Err(error) = app.operations.find_shared_locations().await {
            tracing::error!(%error, "shared locations could not be looked for");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}
