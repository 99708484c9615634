//! `[engine]`: calls to the clusters' engines.

use super::within;
use serde::{Deserialize, Serialize};

/// Calls to the clusters' engines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Seconds until a connection attempt is given up.
    pub connect_timeout_seconds: u64,
    /// Seconds until a request is given up, its answer read included.
    pub request_timeout_seconds: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            connect_timeout_seconds: 5,
            request_timeout_seconds: 30,
        }
    }
}

impl EngineConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(
            faults,
            "engine.connect_timeout_seconds",
            self.connect_timeout_seconds,
            1..=300,
        );
        within(
            faults,
            "engine.request_timeout_seconds",
            self.request_timeout_seconds,
            1..=3_600,
        );
    }
}
