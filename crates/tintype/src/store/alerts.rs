//! Which clusters are late or failing, and that each is told once.

use super::Result;
use crate::model::{Alert, ClusterId, WebhookEvent};
use async_trait::async_trait;
use jiff::Timestamp;

/// Alerts. A cluster is *late* when its newest good snapshot, or without one its attach, is longer ago than its limit,
/// and *failing* when its newest finished attempt is not good. One that was never looked at is neither.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// How a cluster stands; `None` when it is not attached.
    async fn alert(&self, id: &ClusterId) -> Result<Option<Alert>>;
    /// Sets a cluster's own limit, or goes back to the default. `NotFound`.
    async fn set_max_age(&self, id: &ClusterId, seconds: Option<i64>) -> Result<()>;
    /// The clusters that stand otherwise than was last told, at most 1000. `default` is the limit of those without one.
    async fn unsettled_alerts(&self, default: i64, now: Timestamp) -> Result<Vec<ClusterId>>;
    /// Looks again, keeps how the cluster stands, records it as changes, and begins a delivery for each webhook that
    /// wants to hear of it: all or nothing, and nothing when it was told already.
    async fn settle_alert(&self, id: &ClusterId, default: i64, now: Timestamp) -> Result<Vec<WebhookEvent>>;
}
