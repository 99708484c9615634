//! `[metrics]`: what `/metrics` serves, and to whom.

use super::within;
use serde::{Deserialize, Serialize};

/// What `/metrics` serves, and to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Serve `/metrics` without credentials.
    pub public: bool,
    /// With more clusters than this none has series of its own.
    pub per_cluster: u32,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            public: false,
            per_cluster: 1_000,
        }
    }
}

impl MetricsConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(faults, "metrics.per_cluster", self.per_cluster, 0..=100_000);
    }
}
