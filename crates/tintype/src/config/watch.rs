//! `[watch]`: the regular look at every cluster.

use super::within;
use serde::{Deserialize, Serialize};

/// The regular look at every cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    /// Seconds between two looks at one cluster, with jitter.
    pub interval_seconds: u64,
    /// Seconds between two inventories of all snapshots of one cluster.
    pub inventory_interval_seconds: u64,
    /// Hours within which a good snapshot counts as recent.
    pub recent_success_window_hours: u64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            interval_seconds: 60,
            inventory_interval_seconds: 600,
            recent_success_window_hours: 24,
        }
    }
}

impl WatchConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(
            faults,
            "watch.interval_seconds",
            self.interval_seconds,
            1..=86_400,
        );
        within(
            faults,
            "watch.inventory_interval_seconds",
            self.inventory_interval_seconds,
            1..=86_400,
        );
        within(
            faults,
            "watch.recent_success_window_hours",
            self.recent_success_window_hours,
            1..=8_760,
        );
    }
}
