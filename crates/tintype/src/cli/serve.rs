//! `tintype serve`: opens the store, then runs the parts until a signal.

use super::admin;
use super::error::{CliError, Result};
use super::init;
use super::output::Format;
use super::sources::SourceArgs;
use crate::app::App;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::http::{Listen, router, serve};
use crate::scheduler;
use crate::secrets::Sealer;
use crate::store::Store;
use crate::store::audit::asked;
use crate::store::sqlite::SqliteStore;
use crate::telemetry;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// After a signal the process ends within 10 s; the last of them is for closing the store.
const STOP: Duration = Duration::from_secs(9);

/// Runs the server.
///
/// # Errors
/// Usage: the configuration. Failed: what keeps it from starting, with what to do; or a part that ended by itself.
pub fn run(args: &SourceArgs) -> Result<()> {
    let config = args.load()?;
    telemetry::init(&config.log).map_err(usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let result = runtime.block_on(start(config));
    // Blocking work that is still running must not hold the stop up.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Makes what is missing of the data directory, the key and the database, and opens them. The process that has the
/// store open is the only one.
///
/// # Errors
/// Failed, saying what to do: not writable, a missing or another key, a database that is damaged, newer or in use.
pub async fn open_store(config: &Config) -> Result<(Arc<dyn Store>, Sealer)> {
    let data_dir = config.data_dir();
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir);
    made.map_err(|error| CliError::Failed(format!("{} cannot be made: {error}", data_dir.display())))?;
    let path = config.store_path();
    let sealer = Sealer::open_or_create(&config.key_file(), SqliteStore::is_new(&path)).map_err(failed)?;
    let store = SqliteStore::open(&path, sealer.clone()).await.map_err(failed)?;
    Ok((Arc::new(store), sealer))
}

async fn start(config: Config) -> Result<()> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [mut terminate, mut interrupt] = match signals {
        [Ok(terminate), Ok(interrupt)] => [terminate, interrupt],
        [Err(error), _] | [_, Err(error)] => return Err(failed(error)),
    };
    let (store, sealer) = open_store(&config).await?;
    // Before the admin is made, so that a taken port does not cost its password.
    let listen = Listen::bind(&config.server).await.map_err(failed)?;
    let now = SystemClock.now();
    let origin = admin::at_the_console("serve", now);
    let admin = asked(origin, admin::ensure(&*store, &config.admin, now)).await?;
    init::show(&admin, Format::Table)?;
    let url = format!("{}://{}", listen.scheme(), listen.address().map_err(failed)?);
    let data_dir = config.data_dir().display().to_string();
    let app = App::new(config, Arc::new(SystemClock), Arc::clone(&store), sealer);

    let shutdown = app.stop.clone();
    let mut parts = spawn(app, listen, &shutdown);
    info!(url, data_dir, version = env!("CARGO_PKG_VERSION"), "listening");
    let ended = tokio::select! {
        name = stop_signal(&mut terminate, &mut interrupt) => {
            info!(signal = name, "stopping; operations go on at the next start");
            Ok(())
        }
        part = parts.join_next() => Err(early(part)),
    };
    shutdown.cancel();
    if timeout(STOP, async { while parts.join_next().await.is_some() {} })
        .await
        .is_err()
    {
        warn!("parts of the server were still busy when the stop's time was over");
    }
    store.close().await;
    ended
}

fn spawn(app: App, listen: Listen, shutdown: &CancellationToken) -> JoinSet<&'static str> {
    let mut parts = JoinSet::new();
    let (operations, stop) = (app.operations.clone(), shutdown.clone());
    parts.spawn(async move {
        operations.run(stop).await;
        "operations"
    });
    let (watched, stop) = (app.clone(), shutdown.clone());
    parts.spawn(async move {
        scheduler::run(watched, stop).await;
        "scheduler"
    });
    let stop = shutdown.clone();
    parts.spawn(async move {
        serve(listen, router(app), stop).await;
        "http"
    });
    parts
}

async fn stop_signal(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// No part ends by itself; a server without one of them must not look alive.
fn early(part: Option<std::result::Result<&'static str, tokio::task::JoinError>>) -> CliError {
    let what = match part {
        Some(Ok(part)) => format!("the part {part:?} ended by itself"),
        Some(Err(panic)) => format!("a part of the server failed: {panic}"),
        None => "nothing runs".to_owned(),
    };
    error!(what, "stopping");
    CliError::Failed(what)
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}

fn usage(error: impl std::fmt::Display) -> CliError {
    CliError::Usage(error.to_string())
}
