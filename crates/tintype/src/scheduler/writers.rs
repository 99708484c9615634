//! Looks for locations with several writers: once a watch interval, and when a cluster's registrations change.

use crate::app::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks through the fleet, however many clusters are attached meanwhile.
const REST: Duration = Duration::from_secs(1);

/// Looks until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let interval = Duration::from_secs(app.config.watch.interval_seconds);
    loop {
        if let Err(error) = app.operations.find_shared_locations().await {
            tracing::error!(%error, "shared locations could not be looked for");
        }
        let due = async {
            tokio::time::sleep(REST).await;
            tokio::select! {
                () = app.operations.registrations_to_change() => {}
                () = tokio::time::sleep(interval) => {}
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = due => {}
        }
    }
}
