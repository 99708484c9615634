//! Live looks at an engine, for lists: bounded, and only reads.

use crate::app::App;
use crate::error::Result;
use crate::model::observation::ObservedRegistration;
use crate::model::progress::ShardCounts;
use crate::model::{Cluster, RepositoryName};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A snapshot as the engine shows it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SnapshotView {
    /// The repository's name on the engine.
    pub repository: String,
    /// Its name; foreign snapshots may have any.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The engine's word.
    pub state: String,
    /// Began.
    #[schema(value_type = Option<String>)]
    pub start_time: Option<Timestamp>,
    /// Ended.
    #[schema(value_type = Option<String>)]
    pub end_time: Option<Timestamp>,
    /// The indices in it.
    pub indices: Vec<String>,
    /// Its shards.
    pub shards: ShardCounts,
    /// What failed.
    pub failures: Vec<ShardFailure>,
    /// SUCCESS, no failed shard, not empty.
    pub good: bool,
    /// What its maker wrote into it.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// An operation of this Tintype made it.
    pub made_by_tintype: bool,
    /// That operation.
    pub operation: Option<String>,
}

/// A shard that failed.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ShardFailure {
    /// The index.
    pub index: String,
    /// The shard's number.
    pub shard: u32,
    /// The engine's words.
    pub reason: String,
}

/// The registrations on the engine.
pub async fn registrations(_app: &App, _cluster: &Cluster) -> Result<Vec<ObservedRegistration>> {
    todo!()
}

/// The snapshots of one repository (the cluster's own when absent), newest first.
pub async fn snapshots(
    _app: &App,
    _cluster: &Cluster,
    _repository: Option<&RepositoryName>,
) -> Result<Vec<SnapshotView>> {
    todo!()
}

/// One snapshot by its exact name.
pub async fn snapshot(
    _app: &App,
    _cluster: &Cluster,
    _repository: &RepositoryName,
    _name: &str,
) -> Result<SnapshotView> {
    todo!()
}
