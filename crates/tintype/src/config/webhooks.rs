//! `[webhooks]`: deliveries to webhooks.

use super::within;
use serde::{Deserialize, Serialize};

/// Deliveries to webhooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// Seconds that a receiver may take to answer.
    pub timeout_seconds: u64,
    /// Hours after which a delivery that nobody accepted is given up.
    pub give_up_hours: u64,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self {
            timeout_seconds: 15,
            give_up_hours: 24,
        }
    }
}

impl WebhooksConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(faults, "webhooks.timeout_seconds", self.timeout_seconds, 1..=60);
        within(faults, "webhooks.give_up_hours", self.give_up_hours, 1..=720);
    }
}
