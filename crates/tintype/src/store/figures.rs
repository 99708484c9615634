//! The figures that are told to a monitoring system.

use super::Result;
use crate::model::{OperationKind, Status};
use async_trait::async_trait;
use jiff::Timestamp;

/// The ages up to which good snapshots are counted, hours.
pub const WITHIN_HOURS: [i64; 6] = [1, 6, 24, 48, 168, 720];

/// Clusters by how they stand; each is counted once, by the first word that fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Never looked at.
    pub unknown: u64,
    /// Did not answer the last look.
    pub unreachable: u64,
    /// No good snapshot for longer than its limit.
    pub late: u64,
    /// The newest attempt is not good.
    pub failing: u64,
    /// None of these.
    pub good: u64,
}

/// One cluster's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFigures {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// It answered the last look.
    pub reachable: bool,
    /// When its newest good snapshot ended.
    pub good_at: Option<Timestamp>,
    /// It is late, as it was told.
    pub late: bool,
    /// It is failing, as it was told.
    pub failing: bool,
}

/// Everything counted, at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetFigures {
    /// All operations ever, by kind and status.
    pub operations: Vec<(OperationKind, Status, u64)>,
    /// Operations that wait for a place; deliveries are not among them.
    pub queued: u64,
    /// Since when the oldest of them waits.
    pub queued_since: Option<Timestamp>,
    /// Clusters by how they stand.
    pub verdicts: Verdicts,
    /// Clusters whose newest good snapshot is no older than each of [`WITHIN_HOURS`].
    pub good_within: [u64; WITHIN_HOURS.len()],
    /// When the newest good snapshot of that cluster ended where this is longest ago.
    pub oldest_good: Option<Timestamp>,
    /// Each cluster's figures, in the order of ids; empty when there are more clusters than asked for.
    pub clusters: Vec<ClusterFigures>,
    /// The newest change's sequence number.
    pub changes: i64,
    /// Transactions that the writer has committed since the start.
    pub commits: u64,
    /// Writes in them.
    pub writes: u64,
}

/// Figures.
#[async_trait]
pub trait Figures: Send + Sync {
    /// All of them, in a few queries whatever the number of clusters and operations. `per_cluster`: the most clusters
    /// that are told one by one.
    async fn figures(&self, per_cluster: u32, now: Timestamp) -> Result<FleetFigures>;
}
