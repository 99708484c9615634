//! `[operations]`: how many run, and how long a caller waits for one.

use super::within;
use serde::{Deserialize, Serialize};

/// How many operations run, and how long a caller waits for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperationsConfig {
    /// Operations carried at once over all clusters; one whose snapshot runs holds its place.
    pub overall: u32,
    /// Operations that run at once on one cluster; more are queued.
    pub per_cluster: u32,
    /// Verifications of repositories carried at once, beside those: they read storage and ask no engine.
    pub verifications: u32,
    /// Seconds that a request waits for the engine's first answer before it is told 202.
    pub answer_wait_seconds: u64,
    /// Seconds after which another owner may take over an operation whose owner is silent.
    pub lease_seconds: u64,
}

impl Default for OperationsConfig {
    fn default() -> Self {
        Self {
            overall: 64,
            per_cluster: 4,
            verifications: 2,
            answer_wait_seconds: 20,
            lease_seconds: 15,
        }
    }
}

impl OperationsConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(faults, "operations.overall", self.overall, 1..=10_000);
        within(faults, "operations.per_cluster", self.per_cluster, 1..=1_000);
        within(faults, "operations.verifications", self.verifications, 1..=64);
        within(
            faults,
            "operations.answer_wait_seconds",
            self.answer_wait_seconds,
            1..=20,
        );
        within(faults, "operations.lease_seconds", self.lease_seconds, 3..=600);
    }
}
