//! `[events]`: the stream of changes.

use super::within;
use serde::{Deserialize, Serialize};

/// The stream of changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// Changes that are kept for streams to resume from.
    pub keep: u64,
    /// Hours for which they are kept at most.
    pub keep_hours: u64,
    /// Streams at once; one more is told to come back.
    pub streams: u32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            keep: 100_000,
            keep_hours: 168,
            streams: 64,
        }
    }
}

impl EventsConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(faults, "events.keep", self.keep, 100..=10_000_000);
        within(faults, "events.keep_hours", self.keep_hours, 1..=8_760);
        within(faults, "events.streams", self.streams, 1..=10_000);
    }
}
