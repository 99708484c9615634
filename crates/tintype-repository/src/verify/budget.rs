//! How much data may be read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes and time for reading data. What was begun is finished, so the last blob may go beyond the bytes, and its last
/// piece beyond the time.
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
    pub fn take(&self, bytes: u64) -> bool {
        self.take_at(bytes, Instant::now)
    }

    fn take_at(&self, bytes: u64, now: impl Fn() -> Instant) -> bool {
        if self.bytes.is_none() && self.until.is_none() {
            return true;
        }
        let late = self.until.is_some_and(|until| now() >= until);
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        if late || self.bytes.is_some_and(|most| before >= most) {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            self.ended.store(true, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Whether time has run out; what then is not read is left unread for it.
    pub fn is_late(&self) -> bool {
        self.is_late_at(Instant::now)
    }

    fn is_late_at(&self, now: impl Fn() -> Instant) -> bool {
        let late = self.until.is_some_and(|until| now() >= until);
        if late {
            self.ended.store(true, Ordering::Relaxed);
        }
        late
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
        let budget = Budget::new(Some(100), None, Instant::now());
        assert!(budget.take(60) && budget.take(60));
        assert!(!budget.has_ended());
        assert!(!budget.take(1) && budget.has_ended());
    }

    #[test]
    fn time_runs_out_and_without_a_budget_nothing_does() {
        let now = Instant::now();
        let later = || now + Duration::from_secs(1);
        let budget = Budget::new(None, Some(Duration::from_secs(1)), now);
        assert!(budget.take_at(u64::MAX / 2, || now));
        assert!(!budget.is_late_at(|| now) && !budget.has_ended());
        assert!(budget.is_late_at(later) && budget.has_ended());
        assert!(!budget.take_at(1, later));
        let years = || now + Duration::from_secs(1 << 20);
        assert!(Budget::new(None, None, now).take_at(1 << 60, years));
    }
}
