//! The fleet as a whole: counted by verdict, the worst first, without a cluster's document being read but for a page.

use super::Result;
use crate::model::{Cluster, Observation, Verdict};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Which clusters are shown, and how they are judged.
#[derive(Debug, Clone, Default)]
pub struct FleetQuery {
    /// A good snapshot from then on is young enough.
    pub since: Timestamp,
    /// The ids of clusters of which a location has another writer.
    pub shared: BTreeSet<String>,
    /// Only those with these verdicts; all when empty.
    pub only: Vec<Verdict>,
    /// Clusters to skip.
    pub from: u64,
    /// At most so many.
    pub size: u64,
}

/// A page of the fleet.
#[derive(Debug, Clone, Default)]
pub struct FleetPage {
    /// The worst verdict first, then the oldest good snapshot, then by name and id.
    pub clusters: Vec<FleetCluster>,
    /// How many clusters have each verdict, over the whole fleet; every verdict is there.
    pub counts: BTreeMap<Verdict, u64>,
}

/// A cluster of a page.
#[derive(Debug, Clone)]
pub struct FleetCluster {
    /// The cluster.
    pub cluster: Cluster,
    /// Its last look.
    pub observation: Option<Observation>,
    /// As [`crate::model::Standing::verdict`] judges its last look.
    pub verdict: Verdict,
}

/// The fleet as a whole.
#[async_trait]
pub trait Fleet: Send + Sync {
    /// A page, and the counts of all. Both are of one moment.
    async fn fleet(&self, query: &FleetQuery) -> Result<FleetPage>;
}
