//! Waiting for a condition, with a bound.

use std::time::{Duration, Instant};

use anyhow::bail;

/// Asks `look` until it answers `Some`, at most for `bound`.
///
/// # Errors
/// When the bound passes; the message names `what` was awaited.
pub async fn until<T>(
    what: &str,
    bound: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if start.elapsed() > bound {
            bail!("waited {} s in vain: {what}", bound.as_secs());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}
