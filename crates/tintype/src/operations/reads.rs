//! Live looks at an engine, for lists: bounded, and only reads.

use super::{looks, observe, progress, repositories};
use crate::app::App;
use crate::error::{Error, Missing, Result};
use crate::model::observation::ObservedRegistration;
use crate::model::progress::ShardCounts;
use crate::model::{Cluster, RepositoryName, SnapshotName};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tintype_engine::SnapshotInfo;

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
///
/// # Errors
/// `Failed` when the engine cannot be asked.
pub async fn registrations(app: &App, cluster: &Cluster) -> Result<Vec<ObservedRegistration>> {
    let engine = app.engines.of(cluster).await??;
    let found = engine
        .repositories()
        .await
        .map_err(|error| looks::failure(&error, cluster))?;
    Ok(found.iter().map(observe::observed).collect())
}

/// The snapshots of one repository (the cluster's own when absent), newest first.
///
/// # Errors
/// `Failed` when there is no such repository, or the engine cannot be asked.
pub async fn snapshots(
    app: &App,
    cluster: &Cluster,
    repository: Option<&RepositoryName>,
) -> Result<Vec<SnapshotView>> {
    let resolved = repositories::resolve(&app.operations, cluster, repository).await?;
    let engine = app.engines.of(cluster).await??;
    let name = resolved.engine_name.as_str();
    let mut found = match engine.snapshots(name).await {
        // A template that no snapshot has used yet is not registered: nothing is in it.
        Err(error) if error.is_missing_repository() && resolved.platform.is_some() => Vec::new(),
        other => other.map_err(|error| looks::failure(&error, cluster))?,
    };
    found.sort_by(|a, b| (b.start_time_ms, &b.name).cmp(&(a.start_time_ms, &a.name)));
    let names = app.store.names(&cluster.uuid, &resolved.engine_name).await?;
    Ok(found
        .into_iter()
        .map(|snapshot| {
            let ours = snapshot
                .name
                .parse()
                .ok()
                .and_then(|name| names.get(&name))
                .cloned();
            view(name, snapshot, ours)
        })
        .collect())
}

/// One snapshot by its exact name.
///
/// # Errors
/// `NotFound`; `Failed` when the engine cannot be asked.
pub async fn snapshot(
    app: &App,
    cluster: &Cluster,
    repository: &RepositoryName,
    name: &SnapshotName,
) -> Result<SnapshotView> {
    let resolved = repositories::resolve(&app.operations, cluster, Some(repository)).await?;
    let engine = app.engines.of(cluster).await??;
    let found = match engine
        .snapshot(resolved.engine_name.as_str(), name.as_str())
        .await
    {
        Err(error) if error.is_missing_repository() => None,
        other => other.map_err(|error| looks::failure(&error, cluster))?,
    };
    let Some(found) = found else {
        let message = format!("there is no such snapshot in {}", resolved.engine_name);
        return Err(Error::missing(Missing::Snapshot, message));
    };
    let ours = app
        .store
        .names(&cluster.uuid, &resolved.engine_name)
        .await?
        .remove(name);
    Ok(view(resolved.engine_name.as_str(), found, ours))
}

/// `ours`: the operation that holds this name. Where the engine keeps metadata, that decides.
fn view(repository: &str, found: SnapshotInfo, ours: Option<String>) -> SnapshotView {
    let operation = match (looks::operation_of(&found), ours) {
        (Some(made_by), Some(ours)) => (made_by == ours).then_some(ours),
        (None, ours) if found.metadata.is_none() => ours,
        _ => None,
    };
    SnapshotView {
        repository: repository.to_owned(),
        good: looks::looks_good(&found),
        state: found.state.to_string(),
        start_time: looks::timestamp(found.start_time_ms),
        end_time: looks::timestamp(found.end_time_ms),
        shards: ShardCounts {
            total: progress::count(found.total_shards),
            done: progress::count(found.successful_shards),
            failed: progress::count(found.failed_shards),
        },
        failures: found
            .failures
            .into_iter()
            .map(|failure| ShardFailure {
                index: failure.index,
                shard: u32::try_from(failure.shard).unwrap_or(0),
                reason: failure.reason,
            })
            .collect(),
        name: found.name,
        uuid: found.uuid,
        indices: found.indices,
        metadata: found.metadata,
        made_by_tintype: operation.is_some(),
        operation,
    }
}
