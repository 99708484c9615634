//! Searching for clusters by what a client asks of them.

use super::Result;
use crate::model::Cluster;
use crate::model::search::ClusterSearch;
use async_trait::async_trait;

/// Searches.
#[async_trait]
pub trait Search: Send + Sync {
    /// The clusters that a search asks for, in its order, and the number of all that it finds. Page and number are of
    /// one moment. Of clusters beyond the page, only what the search looks at is held in memory.
    async fn search_clusters(&self, search: &ClusterSearch) -> Result<(Vec<Cluster>, u64)>;
}
