//! Forgets the changes that nobody can resume from any more.

use crate::app::App;
use jiff::SignedDuration;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two prunings.
const EVERY: Duration = Duration::from_secs(60);

/// Prunes until `shutdown`.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let keep = &app.config.events;
    let age = SignedDuration::from_hours(i64::try_from(keep.keep_hours).unwrap_or(i64::from(i32::MAX)));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let before = app
            .clock
            .now()
            .saturating_sub(age)
            .unwrap_or(jiff::Timestamp::MIN);
        match app.store.prune_changes(keep.keep, before).await {
            Ok(pruned) => tracing::debug!(pruned, "old changes were forgotten"),
            Err(error) => tracing::error!(%error, "old changes could not be forgotten"),
        }
    }
}
