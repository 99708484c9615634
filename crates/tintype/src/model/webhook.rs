//! Who is told of what: webhooks, and the deliveries to them.

use super::ClusterId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum WebhookEvent {
    /// A cluster has had no good snapshot for longer than its limit.
    #[serde(rename = "cluster.late")]
    ClusterLate,
    /// A cluster's newest attempt is not good.
    #[serde(rename = "cluster.failing")]
    ClusterFailing,
    /// A cluster is neither late nor failing any more.
    #[serde(rename = "cluster.recovered")]
    ClusterRecovered,
    /// An operation failed.
    #[serde(rename = "operation.failed")]
    OperationFailed,
    /// A verification found snapshots that cannot be restored, or not whole.
    #[serde(rename = "verification.damage")]
    VerificationDamage,
    /// Somebody tries the webhook.
    #[serde(rename = "webhook.test")]
    Test,
}

impl WebhookEvent {
    /// Every event that a webhook may choose.
    pub const ALL: [Self; 5] = [
        Self::ClusterLate,
        Self::ClusterFailing,
        Self::ClusterRecovered,
        Self::OperationFailed,
        Self::VerificationDamage,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterLate => "cluster.late",
            Self::ClusterFailing => "cluster.failing",
            Self::ClusterRecovered => "cluster.recovered",
            Self::OperationFailed => "operation.failed",
            Self::VerificationDamage => "verification.damage",
            Self::Test => "webhook.test",
        }
    }
}

/// A webhook as the store keeps it; its secret is apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Sorts by the time it was made.
    pub id: String,
    /// Where it is sent, `http` or `https`.
    pub url: String,
    /// What it is told of; everything when empty.
    pub events: Vec<WebhookEvent>,
    /// The clusters that it is told of; all when empty.
    pub clusters: Vec<ClusterId>,
    /// It is told.
    pub enabled: bool,
    /// Why it is not told, when its receiver said so.
    pub disabled_because: Option<String>,
    /// Made at.
    pub created_at: Timestamp,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: i64,
}

impl Webhook {
    /// Whether it wants to hear of this event of this cluster.
    pub fn wants(&self, event: WebhookEvent, cluster: &str) -> bool {
        self.enabled
            && (self.events.is_empty() || self.events.contains(&event))
            && (self.clusters.is_empty() || self.clusters.iter().any(|one| one.as_str() == cluster))
    }
}

/// What is delivered, and to whom. The operation's id is the delivery's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryParameters {
    /// The webhook.
    pub webhook_id: String,
    /// What it is told.
    pub event: WebhookEvent,
    /// The body: `type`, `timestamp`, `data`.
    pub payload: Value,
}

/// The states of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Nothing sent.
    Preparing,
    /// The intent is committed; it may have been sent, and is sent again under the same id until it is accepted.
    Sending,
}
