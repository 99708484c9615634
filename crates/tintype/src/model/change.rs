//! What changed, in the order in which it was committed: the stream of events that clients follow.

use super::ClusterId;
use jiff::Timestamp;
use serde_json::Value;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// A cluster was attached.
    ClusterAttached,
    /// A cluster's settings were changed.
    ClusterChanged,
    /// A cluster was detached.
    ClusterDetached,
    /// A look saw the cluster come or go, or another newest good snapshot.
    ClusterHealth,
    /// A cluster has had no good snapshot for longer than its limit.
    ClusterLate,
    /// A cluster's newest attempt is not good.
    ClusterFailing,
    /// A cluster is neither late nor failing any more.
    ClusterRecovered,
    /// An operation was started and waits for a place.
    OperationQueued,
    /// An operation got its place.
    OperationRunning,
    /// A line of an operation's log.
    OperationEvent,
    /// An operation ended well.
    OperationSucceeded,
    /// An operation failed.
    OperationFailed,
    /// An operation was cancelled.
    OperationCancelled,
    /// A platform repository was made or changed.
    RepositoryChanged,
    /// A platform repository was forgotten.
    RepositoryDeleted,
    /// A webhook's receiver accepted a delivery.
    WebhookDelivered,
    /// A delivery was given up.
    WebhookFailed,
}

impl ChangeKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 17] = [
        Self::ClusterAttached,
        Self::ClusterChanged,
        Self::ClusterDetached,
        Self::ClusterHealth,
        Self::ClusterLate,
        Self::ClusterFailing,
        Self::ClusterRecovered,
        Self::OperationQueued,
        Self::OperationRunning,
        Self::OperationEvent,
        Self::OperationSucceeded,
        Self::OperationFailed,
        Self::OperationCancelled,
        Self::RepositoryChanged,
        Self::RepositoryDeleted,
        Self::WebhookDelivered,
        Self::WebhookFailed,
    ];

    /// The word used on the wire and in the store: what it is about, a dot, and what happened.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterAttached => "cluster.attached",
            Self::ClusterChanged => "cluster.changed",
            Self::ClusterDetached => "cluster.detached",
            Self::ClusterHealth => "cluster.health",
            Self::ClusterLate => "cluster.late",
            Self::ClusterFailing => "cluster.failing",
            Self::ClusterRecovered => "cluster.recovered",
            Self::OperationQueued => "operation.queued",
            Self::OperationRunning => "operation.running",
            Self::OperationEvent => "operation.event",
            Self::OperationSucceeded => "operation.succeeded",
            Self::OperationFailed => "operation.failed",
            Self::OperationCancelled => "operation.cancelled",
            Self::RepositoryChanged => "repository.changed",
            Self::RepositoryDeleted => "repository.deleted",
            Self::WebhookDelivered => "webhook.delivered",
            Self::WebhookFailed => "webhook.failed",
        }
    }

    /// The kinds that a word names: one, or all of a group such as `operation`.
    pub fn named(word: &str) -> Vec<Self> {
        let group = |kind: &Self| kind.as_str().split('.').next() == Some(word);
        let named = |kind: &Self| kind.as_str() == word || group(kind);
        Self::ALL.into_iter().filter(named).collect()
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Counts all changes, in the order of their commits, from 1.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// What changed: a word of [`ChangeKind`].
    pub kind: String,
    /// The cluster that it is about.
    pub cluster_id: Option<ClusterId>,
    /// The operation that it is about.
    pub operation_id: Option<String>,
    /// What is to be known of it, small. Never a secret.
    pub document: Value,
}
