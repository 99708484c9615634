//! Runs a reading of the storage with progress on standard error, until it ends or a signal says to stop.

use super::access::{AccessArgs, open};
use super::meter::Meter;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::progress::Display;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tintype_repository::repository::Repository;
use tintype_repository::source::Source;
use tintype_repository::survey::Survey;
use tintype_repository::verify::Progress;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval_at};

/// Between two looks at the progress.
const LOOK: Duration = Duration::from_millis(200);

/// What ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// What became of it.
#[derive(Debug)]
pub struct Ended<T> {
    /// What it gave.
    pub result: T,
    /// Ctrl-C or SIGTERM ended it early.
    pub interrupted: bool,
}

/// Opens the repository and does `work` with it, as [`with_source`] does.
///
/// # Errors
/// What opening and the work say; Interrupted.
pub async fn with_repository<T, W, F>(
    url: &str,
    access: &AccessArgs,
    context: &Context,
    work: W,
) -> Result<Ended<T>>
where
    T: Send + 'static,
    W: FnOnce(Arc<Repository>, usize, Arc<Progress>) -> F + Send + 'static,
    F: Future<Output = Result<T>>,
{
    let opened = async move |source, concurrency, progress| {
        let repository = Arc::new(open(source).await?);
        work(repository, concurrency, progress).await
    };
    with_source(url, access, context, opened).await
}

/// Opens the store and does `work` with it, on a thread for blocking work: a directory is read with blocking calls. The first
/// Ctrl-C or SIGTERM lets the work end in order, the second one does not wait.
///
/// # Errors
/// That there is no store, and what the work says; Interrupted.
pub async fn with_source<T, W, F>(
    url: &str,
    access: &AccessArgs,
    context: &Context,
    work: W,
) -> Result<Ended<T>>
where
    T: Send + 'static,
    W: FnOnce(Source, usize, Arc<Progress>) -> F + Send + 'static,
    F: Future<Output = Result<T>>,
{
    let source = access.source(url, context)?;
    let concurrency = access.concurrency(&source);
    let (progress, handle) = (Arc::new(Progress::default()), Handle::current());
    let theirs = Arc::clone(&progress);
    let mut task = spawn_blocking(move || handle.block_on(work(source, concurrency, theirs)));
    let mut display = Display::new(context.quiet());
    let failed = |error: std::io::Error| CliError::Failed(error.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let (mut meter, mut interrupted) = (Meter::default(), false);
    let mut looks = interval_at(Instant::now() + PATIENCE, LOOK);
    let result = loop {
        tokio::select! {
            result = &mut task => break result,
            () = either(&mut interrupt, &mut terminate) => {
                if interrupted {
                    display.clear();
                    return Err(CliError::Interrupted("interrupted".into()));
                }
                interrupted = true;
                progress.stop.store(true, Relaxed);
                display.note("interrupted: what was begun is ended; once more does not wait");
            }
            _ = looks.tick() => {
                let standing = meter.look(&progress, Instant::now());
                display.show_part(&standing.line, standing.part);
            }
        }
    };
    display.clear();
    match result {
        Ok(result) => Ok(Ended {
            result: result?,
            interrupted,
        }),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(CliError::Failed(error.to_string())),
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Surveys a repository.
///
/// # Errors
/// What opening and the work say; Interrupted, since half a survey says nothing.
pub async fn survey<T, W, F>(url: &str, access: &AccessArgs, context: &Context, work: W) -> Result<T>
where
    T: Send + 'static,
    W: FnOnce(Survey) -> F + Send + 'static,
    F: Future<Output = Result<T>>,
{
    let ended = with_repository(url, access, context, |repository, concurrency, progress| {
        work(Survey {
            repository,
            concurrency,
            progress,
        })
    })
    .await?;
    if ended.interrupted {
        return Err(CliError::Interrupted("interrupted".into()));
    }
    Ok(ended.result)
}
