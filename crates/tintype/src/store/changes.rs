//! What changed, for those who follow along.

use super::Result;
use crate::model::{Change, ChangeKind, ClusterId};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

/// Which changes are shown; all when empty.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Only those about this cluster.
    pub cluster_id: Option<ClusterId>,
    /// Only of these kinds.
    pub kinds: Vec<ChangeKind>,
}

/// A part of the changes.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePage {
    /// Changes between the place asked for and this page were pruned, or the place is none of this store's: whoever
    /// follows has missed some.
    pub gap: bool,
    /// In order.
    pub changes: Vec<Change>,
    /// Where the next page begins: everything up to here was looked at.
    pub position: i64,
}

/// Changes, written within the transactions that they tell of: one that is seen has been committed, and one that was
/// committed is seen, in one order for everybody.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Those after a sequence number that match, at most `limit`.
    async fn changes(&self, after: i64, filter: &ChangeFilter, limit: u32) -> Result<ChangePage>;
    /// The newest sequence number ever given; 0 before the first.
    async fn newest_change(&self) -> Result<i64>;
    /// Forgets all but the newest `keep`, and those from before `before`. Sequence numbers are never used again.
    async fn prune_changes(&self, keep: u64, before: Timestamp) -> Result<u64>;
    /// Wakes after each commit with changes. A hint: a page is the truth.
    fn watch_changes(&self) -> watch::Receiver<u64>;
}
