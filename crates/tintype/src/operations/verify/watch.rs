//! While a verification reads: its progress for people, and the wishes to stop it.

use super::attest::Attested;
use crate::model::progress::{Amount, Phase, ShardCounts};
use crate::operations::progress::count;
use crate::operations::step::{Context, Stop};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tintype_repository::repository::OpenError;
use tintype_repository::source::{Cause, SourceError};
use tintype_repository::verify::Progress;
use tintype_repository::verify::report::Report;
use tokio::task::JoinHandle;

/// Between two looks at the counters.
const TICK: Duration = Duration::from_millis(500);
/// How long a stop waits until what was checked is written down.
const STOPPING: Duration = Duration::from_secs(5);

/// What a look came to, on a thread of its own.
pub type Look = JoinHandle<Result<(Report, Attested), OpenError>>;

/// Waits for the look's end.
///
/// # Errors
/// `Shutdown` when the instance stops meanwhile.
pub async fn watch(
    context: &Context,
    mut look: Look,
    progress: &Arc<Progress>,
) -> Result<Result<(Report, Attested), OpenError>, Stop> {
    let began = Instant::now();
    loop {
        tokio::select! {
            done = &mut look => return Ok(done.unwrap_or_else(|error| Err(broken(&error)))),
            rested = context.sleep(TICK) => if let Err(stop) = rested {
                progress.stop.store(true, Relaxed);
                // What is not written down by then is read again.
                let _ = tokio::time::timeout(STOPPING, look).await;
                return Err(stop);
            },
        }
        if context.cancel_requested() {
            progress.stop.store(true, Relaxed);
        }
        let mut shown = shown(progress, began.elapsed());
        shown.at = Some(context.now());
        context
            .operations
            .live()
            .set_progress(&context.operation.id, shown);
    }
}

/// A bug: the look panicked.
fn broken(error: &tokio::task::JoinError) -> OpenError {
    tracing::error!(%error, "a verification broke off");
    OpenError::Source(SourceError {
        cause: Cause::Usage,
        message: "a bug in Tintype ended this verification; its log has the details".to_owned(),
    })
}

fn shown(progress: &Progress, elapsed: Duration) -> crate::model::Progress {
    let shards = ShardCounts {
        total: count(progress.shards_total.load(Relaxed)),
        done: count(progress.shards.load(Relaxed)),
        failed: 0,
    };
    let (done, total) = (progress.bytes.load(Relaxed), progress.bytes_total.load(Relaxed));
    let known = total > 0;
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = (done > 0 && elapsed >= TICK).then(|| done as f64 / elapsed.as_secs_f64());
    #[allow(clippy::cast_precision_loss, reason = "an estimate for people")]
    let left = total.saturating_sub(done) as f64;
    crate::model::Progress {
        phase: if shards.total == 0 {
            Phase::Preparing
        } else {
            Phase::Running
        },
        shards,
        bytes: Amount {
            done,
            total: known.then_some(total),
        },
        bytes_per_second: rate,
        eta_seconds: rate.filter(|_| known).map(|rate| left / rate),
        ..crate::model::Progress::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_guessed_before_it_is_known() {
        let progress = Progress::default();
        let early = shown(&progress, Duration::from_secs(9));
        assert_eq!((early.phase, early.bytes.total), (Phase::Preparing, None));
        assert_eq!((early.bytes_per_second, early.eta_seconds), (None, None));
        progress.shards_total.store(4, Relaxed);
        progress.shards.store(1, Relaxed);
        progress.bytes.store(100, Relaxed);
        progress.bytes_total.store(400, Relaxed);
        let later = shown(&progress, Duration::from_secs(10));
        assert_eq!((later.phase, later.shards.done), (Phase::Running, 1));
        assert_eq!(
            (later.bytes_per_second, later.eta_seconds),
            (Some(10.0), Some(30.0))
        );
    }
}
