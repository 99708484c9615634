//! How far a reading of the storage is: bytes, shards, rate and time to go.

use crate::cli::cells;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tintype_repository::verify::Progress;
use tokio::time::Instant;

/// The rate is that of the last so many seconds.
const WINDOW: Duration = Duration::from_secs(10);

/// Remembers what was read when.
#[derive(Debug, Default)]
pub struct Meter {
    samples: VecDeque<(Instant, u64)>,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// For people.
    pub line: String,
    /// Done and to do, when that is known: bytes, else shards.
    pub part: Option<(u64, u64)>,
}

impl Meter {
    /// Where it stands now.
    pub fn look(&mut self, progress: &Progress, now: Instant) -> Standing {
        let (bytes, bytes_total) = (progress.bytes.load(Relaxed), progress.bytes_total.load(Relaxed));
        let (shards, shards_total) = (progress.shards.load(Relaxed), progress.shards_total.load(Relaxed));
        let mut words = Vec::new();
        if bytes_total > 0 {
            words.push(format!("{} of {}", cells::bytes(bytes), cells::bytes(bytes_total.max(bytes))));
        } else if bytes > 0 {
            words.push(cells::bytes(bytes));
        }
        if shards_total > 0 {
            words.push(format!("{shards} of {shards_total} shards"));
        }
        if words.is_empty() {
            words.push("reading the root".to_owned());
        }
        if let Some(rate) = self.rate(bytes, now) {
            words.push(format!("{}/s", cells::bytes(rate)));
            let left = bytes_total.saturating_sub(bytes);
            if left > 0 && rate > 0 {
                // An estimate: the loss of precision beyond 2^53 does not matter.
                words.push(format!("{} to go", cells::seconds(left as f64 / rate as f64)));
            }
        }
        let errors = progress.errors.load(Relaxed);
        if errors > 0 {
            words.push(format!("{errors} errors"));
        }
        let part = match (bytes_total, shards_total) {
            (0, 0) => None,
            (0, total) => Some((shards, total)),
            (total, _) => Some((bytes, total)),
        };
        Standing {
            line: words.join(", "),
            part,
        }
    }

    /// Bytes each second over the window; `None` until a second has gone by.
    fn rate(&mut self, bytes: u64, now: Instant) -> Option<u64> {
        self.samples.push_back((now, bytes));
        while self.samples.len() > 2 && now.duration_since(self.samples[1].0) >= WINDOW {
            self.samples.pop_front();
        }
        let (since, before) = *self.samples.front()?;
        let elapsed = now.duration_since(since).as_secs_f64();
        let more = bytes.saturating_sub(before);
        // The cast saturates.
        (elapsed >= 1.0 && more > 0).then(|| (more as f64 / elapsed) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_shards_rate_and_time_to_go() {
        let (mut meter, progress, start) = (Meter::default(), Progress::default(), Instant::now());
        assert_eq!(meter.look(&progress, start).line, "reading the root");
        progress.bytes_total.store(40 << 20, Relaxed);
        progress.shards_total.store(7, Relaxed);
        progress.bytes.store(20 << 20, Relaxed);
        progress.shards.store(3, Relaxed);
        let standing = meter.look(&progress, start + Duration::from_secs(2));
        assert_eq!(
            standing.line,
            "20.00 MiB of 40.00 MiB, 3 of 7 shards, 10.00 MiB/s, 2s to go"
        );
        assert_eq!(standing.part, Some((20 << 20, 40 << 20)));
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        let mut at = |second: u64, bytes: u64| meter.rate(bytes, start + Duration::from_secs(second));
        assert_eq!(at(0, 0), None);
        assert_eq!(at(10, 1_000), Some(100));
        assert_eq!(at(20, 5_000), Some(400));
        assert_eq!(at(30, 5_000), None);
    }
}
