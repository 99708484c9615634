//! `[alerts]`: when a cluster is late.

use super::within;
use serde::{Deserialize, Serialize};

/// When a cluster is late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsConfig {
    /// Seconds after which a cluster without a good snapshot is late; a cluster may have a limit of its own.
    pub max_age_seconds: u64,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            max_age_seconds: 86_400,
        }
    }
}

impl AlertsConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(
            faults,
            "alerts.max_age_seconds",
            self.max_age_seconds,
            1..=31_536_000,
        );
    }
}
