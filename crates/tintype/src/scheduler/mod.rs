//! Input-less tasks: look at the state, act, safe to run twice.

mod watch;

use crate::app::App;
use tokio_util::sync::CancellationToken;

/// Runs every task until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    watch::run(&app, &shutdown).await;
}
