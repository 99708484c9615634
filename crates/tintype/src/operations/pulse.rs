//! Whether the parts that nobody asks anything are alive.

use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// A part with a loop of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Leases and carries operations.
    Driver,
    /// Looks at the clusters.
    Watch,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 2] = [Self::Driver, Self::Watch];

    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Driver => "operations",
            Self::Watch => "watch",
        }
    }

    /// A part that made no round for longer than this is taken for dead: many times what a round takes.
    pub fn bound(self) -> SignedDuration {
        match self {
            Self::Driver => SignedDuration::from_secs(30),
            Self::Watch => SignedDuration::from_secs(60),
        }
    }
}

/// When each part last made a round that reached the store. Milliseconds; 0 before the first.
#[derive(Debug, Default)]
pub struct Pulse {
    driver: AtomicI64,
    watch: AtomicI64,
}

impl Pulse {
    /// The part made a round.
    pub fn beat(&self, part: Part, now: Timestamp) {
        self.of(part).store(now.as_millisecond(), Relaxed);
    }

    /// How long ago the part's last round was; `None` before the first.
    pub fn age(&self, part: Part, now: Timestamp) -> Option<SignedDuration> {
        match self.of(part).load(Relaxed) {
            0 => None,
            last => Some(SignedDuration::from_millis(
                now.as_millisecond().saturating_sub(last),
            )),
        }
    }

    fn of(&self, part: Part) -> &AtomicI64 {
        match part {
            Part::Driver => &self.driver,
            Part::Watch => &self.watch,
        }
    }
}
