//! Input-less tasks: look at the state, act, safe to run twice.

mod alerts;
mod audit;
mod changes;
mod verifications;
mod watch;
mod writers;

use crate::app::App;
use tokio_util::sync::CancellationToken;

/// Runs every task until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    tokio::join!(
        watch::run(&app, &shutdown),
        writers::run(&app, &shutdown),
        alerts::run(&app, &shutdown),
        audit::run(&app, &shutdown),
        changes::run(&app, &shutdown),
        verifications::run(&app, &shutdown)
    );
}
