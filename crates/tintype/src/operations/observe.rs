//! A look at a cluster, kept for answers: health, nodes, registrations, and the snapshots in its repository.

use super::location::{comparable, is_readonly};
use super::{Operations, looks, repositories};
use crate::model::observation::{ObservedNode, ObservedRegistration, SnapshotSummary, Stray};
use crate::model::take::TakeParameters;
use crate::model::{
    Cluster, ClusterId, FailureKind, Observation, Operation, OperationKind, RepositoryName, Status,
};
use crate::store::OperationFilter;
use tintype_engine::{Engine, Error, HealthStatus, Registration, SnapshotInfo, SnapshotState};

/// Looks at a cluster and keeps what was seen. Never fails: what went wrong is part of what was seen.
pub async fn refresh(operations: &Operations, id: &ClusterId) {
    let cluster = match operations.store().cluster(id).await {
        Ok(Some(cluster)) => cluster,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, cluster = %id, "the cluster could not be read"),
    };
    let observation = look(operations, &cluster).await;
    if let Err(error) = operations.store().put_observation(id, &observation).await {
        tracing::error!(%error, cluster = %id, "the look could not be kept");
    }
}

/// Looks at a cluster. When it cannot be reached, the last snapshots seen stay, and `reachable` is false.
pub async fn look(operations: &Operations, cluster: &Cluster) -> Observation {
    let at = operations.now();
    let last = operations
        .store()
        .observation(&cluster.id)
        .await
        .ok()
        .flatten()
        .unwrap_or_default();
    let unreachable = |problem: String| Observation {
        at,
        reachable: false,
        problem: Some(problem),
        ..last.clone()
    };
    let engine = match operations.engines().of(cluster).await {
        Ok(Ok(engine)) => engine,
        Ok(Err(failure)) => return unreachable(failure.message),
        Err(error) => return unreachable(error.to_string()),
    };
    match looks::pinned_answers(&engine, cluster).await {
        Ok(()) => {}
        Err(error) => return unreachable(error.to_string()),
    }
    match ask(operations, cluster, &engine, &last).await {
        Ok(observation) => Observation { at, ..observation },
        Err(error) => unreachable(error.to_string()),
    }
}

async fn ask(
    operations: &Operations,
    cluster: &Cluster,
    engine: &Engine,
    last: &Observation,
) -> Result<Observation, Error> {
    let health = engine.health().await?;
    let nodes = engine.nodes().await?;
    let registrations: Vec<ObservedRegistration> =
        engine.repositories().await?.iter().map(observed).collect();
    let repository = repository_of(operations, cluster, &registrations).await;
    let (snapshots, strays, problem) = match &repository {
        Some(name) if registrations.iter().any(|one| one.name == name.as_str()) => {
            match engine.snapshots(name.as_str()).await {
                Ok(found) => (
                    summary(&found),
                    strays(operations, cluster, name, &found, last).await,
                    None,
                ),
                // A repository that cannot be read is not a dead engine: the rest of the look is good.
                Err(error) => (
                    last.snapshots.clone(),
                    last.strays.clone(),
                    Some(error.to_string()),
                ),
            }
        }
        _ => (SnapshotSummary::default(), Vec::new(), None),
    };
    Ok(Observation {
        at: last.at,
        reachable: true,
        problem,
        health: Some(colour(health.status).to_owned()),
        nodes: nodes.into_iter().map(node).collect(),
        registrations,
        repository,
        snapshots,
        strays,
    })
}

/// The cluster's configured repository; without one, the only one that the engine has.
async fn repository_of(
    operations: &Operations,
    cluster: &Cluster,
    registrations: &[ObservedRegistration],
) -> Option<RepositoryName> {
    if let Ok(Some(configured)) = repositories::configured(operations, cluster).await {
        return Some(configured.engine_name);
    }
    match registrations {
        [only] => only.name.parse().ok(),
        _ => None,
    }
}

/// A registration as it is shown: without its settings, which may hold secrets.
pub fn observed(registration: &Registration) -> ObservedRegistration {
    ObservedRegistration {
        name: registration.name.clone(),
        kind: registration.kind.clone(),
        location: comparable(&registration.kind, &registration.settings),
        uuid: registration.uuid.clone(),
        readonly: is_readonly(&registration.settings),
    }
}

fn summary(found: &[SnapshotInfo]) -> SnapshotSummary {
    let newest = found.iter().max_by_key(|one| (one.start_time_ms, &one.name));
    let finished = found
        .iter()
        .filter(|one| one.state != SnapshotState::InProgress)
        .max_by_key(|one| (one.end_time_ms, &one.name));
    let good = found
        .iter()
        .filter(|one| looks::looks_good(one))
        .max_by_key(|one| (one.end_time_ms, &one.name));
    SnapshotSummary {
        count: u32::try_from(found.len()).unwrap_or(u32::MAX),
        latest_status: newest.map(|one| one.state.to_string()),
        latest_successful: finished.map(looks::looks_good),
        latest_end_time: finished.and_then(|one| looks::timestamp(one.end_time_ms)),
        latest_successful_end_time: good.and_then(|one| looks::timestamp(one.end_time_ms)),
        latest_successful_name: good.map(|one| one.name.clone()),
    }
}

/// Operations that ended badly, and are looked through for what came after all.
const ENDED: u32 = 1000;

/// Snapshots whose operation had already ended without them: a late request brought them. Reported once, and left.
async fn strays(
    operations: &Operations,
    cluster: &Cluster,
    repository: &RepositoryName,
    found: &[SnapshotInfo],
    last: &Observation,
) -> Vec<Stray> {
    let filter = OperationFilter {
        cluster_id: Some(cluster.id.clone()),
        kinds: vec![OperationKind::TakeSnapshot],
        statuses: vec![Status::Failed, Status::Cancelled],
        limit: ENDED,
        ..OperationFilter::default()
    };
    let Ok(ended) = operations.store().operations(&filter).await else {
        return last.strays.clone();
    };
    let mut strays = Vec::new();
    for operation in ended.iter().filter(|operation| left_open(operation)) {
        let Ok(asked) = serde_json::from_value::<TakeParameters>(operation.parameters.clone()) else {
            continue;
        };
        let came = found.iter().find(|one| {
            asked.repository == *repository
                && asked.name.as_str() == one.name
                && looks::operation_of(one).map_or(one.metadata.is_none(), |id| id == operation.id)
        });
        let Some(came) = came else { continue };
        let stray = Stray {
            name: came.name.clone(),
            uuid: came.uuid.clone(),
            operation: operation.id.clone(),
        };
        if !last.strays.contains(&stray) {
            tracing::warn!(
                operation = operation.id,
                snapshot = came.name,
                "a snapshot is there whose operation had ended without it; it is left alone"
            );
        }
        strays.push(stray);
    }
    strays
}

/// It ended without a snapshot, and a late request could still bring one.
fn left_open(operation: &Operation) -> bool {
    let kind = operation.failure.as_ref().map(|failure| failure.kind);
    operation.status == Status::Cancelled
        || matches!(
            kind,
            Some(FailureKind::OutcomeUnknown | FailureKind::Vanished | FailureKind::Internal)
        )
}

fn node(node: tintype_engine::Node) -> ObservedNode {
    ObservedNode {
        id: node.id,
        name: node.name,
        version: node.version,
        roles: node.roles,
        master: node.master,
    }
}

fn colour(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Green => "green",
        HealthStatus::Yellow => "yellow",
        HealthStatus::Red => "red",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(name: &str, state: SnapshotState, start: i64, end: i64, failed: u64) -> SnapshotInfo {
        SnapshotInfo {
            name: name.to_owned(),
            uuid: name.to_owned(),
            state,
            version: None,
            indices: vec!["a".to_owned()],
            data_streams: Vec::new(),
            start_time_ms: Some(start),
            end_time_ms: Some(end),
            total_shards: 1,
            successful_shards: 1 - failed,
            failed_shards: failed,
            failures: Vec::new(),
            reason: None,
            metadata: None,
            include_global_state: None,
        }
    }

    #[test]
    fn the_summary_tells_the_newest_attempt_from_the_newest_good_one() {
        let found = [
            snapshot("good", SnapshotState::Success, 1_000, 2_000, 0),
            snapshot("shard-lost", SnapshotState::Success, 3_000, 4_000, 1),
            snapshot("running", SnapshotState::InProgress, 5_000, 0, 0),
        ];
        let summary = summary(&found);
        assert_eq!(summary.count, 3);
        assert_eq!(summary.latest_status.as_deref(), Some("IN_PROGRESS"));
        assert_eq!(summary.latest_successful, Some(false));
        assert_eq!(summary.latest_end_time.map(|at| at.as_millisecond()), Some(4_000));
        assert_eq!(
            summary.latest_successful_end_time.map(|at| at.as_millisecond()),
            Some(2_000)
        );
        assert_eq!(summary.latest_successful_name.as_deref(), Some("good"));
    }
}
