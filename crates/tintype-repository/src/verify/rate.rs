//! At most so many bytes a second: a bucket of one second's worth, which may be overdrawn and is then waited for.

use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Bucket {
    rate: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    pub fn new(rate: u64, now: Instant) -> Self {
        // Nobody waits for less than a byte a second.
        let rate = rate.max(1) as f64;
        Self {
            rate,
            left: rate,
            at: now,
        }
    }

    /// Takes bytes, and says how long to wait before taking more.
    pub fn take(&mut self, bytes: u64, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.left = (self.left + passed * self.rate).min(self.rate) - bytes as f64;
        Duration::try_from_secs_f64((-self.left / self.rate).max(0.0)).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_beyond_a_seconds_worth_is_waited_for() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        assert_eq!(bucket.take(100, start), Duration::ZERO);
        assert_eq!(bucket.take(50, start), Duration::from_millis(500));
        assert_eq!(bucket.take(0, start + Duration::from_millis(500)), Duration::ZERO);
        // Time that nobody read in is not saved up.
        let later = start + Duration::from_secs(60);
        assert_eq!(bucket.take(300, later), Duration::from_secs(2));
    }
}
