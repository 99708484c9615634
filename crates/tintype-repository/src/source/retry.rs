//! When something is tried again, how often and how soon.

use super::errors::Failure;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

const RETRIES: u32 = 5;
const FIRST: Duration = Duration::from_millis(100);
/// A store that asks for patience gets more of it: 15 s in all before the last attempt.
const FIRST_THROTTLED: Duration = Duration::from_millis(500);
/// A stream that got this far is none that goes round in circles: it has all its attempts again.
const PROGRESS: u64 = 4 << 20;

/// The attempts at one thing.
#[derive(Debug)]
pub(crate) struct Retry {
    allowed: u32,
    used: u32,
    counted: u64,
}

impl Retry {
    pub(crate) fn new(retries: Option<u32>) -> Self {
        Self {
            allowed: retries.unwrap_or(RETRIES),
            used: 0,
            counted: 0,
        }
    }

    /// Waits before the next attempt, `read` bytes of a stream being there.
    ///
    /// # Errors
    /// The failure when it is final, or was the last.
    pub(crate) async fn again(&mut self, failure: Failure, read: u64) -> Result<(), Failure> {
        if read >= self.counted.saturating_add(PROGRESS) {
            self.counted = read;
            self.used = 0;
        }
        if !failure.transient || self.used >= self.allowed {
            return Err(failure.after(self.used));
        }
        let pause = pause(failure.throttled, self.used);
        self.used += 1;
        tracing::debug!(
            attempt = self.used,
            ?pause,
            why = failure.error.message,
            "trying again"
        );
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// Twice as long each time, and somewhere in the upper half of that, so that many do not return together.
fn pause(throttled: bool, used: u32) -> Duration {
    let first = if throttled { FIRST_THROTTLED } else { FIRST };
    let whole = first * 2u32.saturating_pow(used.min(6));
    let random = RandomState::new().build_hasher().finish() % 1000;
    whole / 2 + whole.mul_f64(random as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Cause, SourceError};

    fn failure() -> Failure {
        Failure::passing(SourceError::new(Cause::Unavailable, "cut".to_owned()))
    }

    #[tokio::test]
    async fn attempts_end_unless_there_is_progress() {
        let mut retry = Retry::new(Some(1));
        assert!(retry.again(failure(), 0).await.is_ok());
        let last = retry.again(failure(), PROGRESS - 1).await.unwrap_err();
        assert!(last.error.message.contains("1 more"), "{}", last.error);
        assert!(retry.again(failure(), PROGRESS).await.is_ok());
        assert!(retry.again(failure(), PROGRESS).await.is_err());
    }

    #[tokio::test]
    async fn what_is_final_is_not_tried_again() {
        let mut failure = failure();
        failure.transient = false;
        assert!(Retry::new(None).again(failure, 0).await.is_err());
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert!(pause(false, 0) <= FIRST);
        assert!(pause(true, 4) >= FIRST_THROTTLED * 8);
        assert!(pause(true, u32::MAX) <= FIRST_THROTTLED * 64);
    }
}
