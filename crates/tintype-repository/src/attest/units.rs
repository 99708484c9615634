//! Work that is done some at a time, its results in order.

use super::AttestError;
use crate::verify::Progress;
use futures_util::stream::{self, Stream, StreamExt};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::Handle;

/// Does one thing after another, so many at a time, each on a thread for blocking work, since a directory is read with
/// blocking calls. Results come in the order of the things, and no more than are done at a time wait.
pub(super) fn in_order<T, R, F, Fut>(
    things: impl Iterator<Item = T>,
    at_a_time: usize,
    progress: Arc<Progress>,
    work: F,
) -> impl Stream<Item = Result<R, AttestError>>
where
    R: Send + 'static,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<R, AttestError>> + Send + 'static,
{
    let started = stream::iter(things).map(move |thing| {
        let (future, progress) = (work(thing), progress.clone());
        let handle = Handle::current();
        let done = tokio::task::spawn_blocking(move || {
            if progress.stop.load(Ordering::Relaxed) {
                return Err(AttestError::Interrupted("stopped before it was done".to_owned()));
            }
            handle.block_on(future)
        });
        async move {
            done.await
                .unwrap_or_else(|error| Err(AttestError::Interrupted(error.to_string())))
        }
    });
    started.buffered(at_a_time.max(1))
}
