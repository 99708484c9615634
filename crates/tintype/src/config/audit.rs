//! `[audit]`: the audit log.

use super::within;
use serde::{Deserialize, Serialize};

/// The audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Days that its rows are kept.
    pub keep_days: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { keep_days: 400 }
    }
}

impl AuditConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(faults, "audit.keep_days", self.keep_days, 30..=36_500);
    }
}
