//! Clusters, as far as snapshots need them.

pub mod create;
pub mod delete;
pub mod get;
mod info;
pub mod list;
pub mod metadata;
pub mod search;
pub mod snapshot;
pub mod snapshot_settings;

pub use info::{ElasticsearchClusterInfo, SnapshotStatusInfo};

/// What a route about one cluster answers when there is none.
pub const NOT_FOUND: &[&str] = &["clusters.cluster_not_found"];
