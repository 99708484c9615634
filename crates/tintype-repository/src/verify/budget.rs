//! How much data may be read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes and time for reading data. What was begun is finished, so the last blob may go beyond it.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: Option<u64>,
    until: Option<Instant>,
    used: AtomicU64,
    ended: AtomicBool,
}

impl Budget {
    pub fn new(bytes: Option<u64>, time: Option<Duration>, now: Instant) -> Self {
        Self {
            bytes,
            until: time.and_then(|time| now.checked_add(time)),
            used: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        }
    }

    /// Whether so many more bytes may be read; they are then counted.
    pub fn take(&self, bytes: u64, now: Instant) -> bool {
        let late = self.until.is_some_and(|until| now >= until);
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        if late || self.bytes.is_some_and(|most| before >= most) {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            self.ended.store(true, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Whether anything was left unread for it.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blob_that_crosses_the_budget_is_the_last() {
        let now = Instant::now();
        let budget = Budget::new(Some(100), None, now);
        assert!(budget.take(60, now) && budget.take(60, now));
        assert!(!budget.has_ended());
        assert!(!budget.take(1, now) && budget.has_ended());
    }

    #[test]
    fn time_runs_out_and_without_a_budget_nothing_does() {
        let now = Instant::now();
        let budget = Budget::new(None, Some(Duration::from_secs(1)), now);
        assert!(budget.take(u64::MAX / 2, now));
        assert!(!budget.take(1, now + Duration::from_secs(1)));
        assert!(Budget::new(None, None, now).take(1 << 60, now + Duration::from_secs(1 << 20)));
    }
}
