//! A look at a cluster, kept for answers: health, nodes, registrations, and what its repositories hold.

use super::inventory::{self, Depth};
use super::location::{comparable, is_readonly};
use super::{Operations, looks, repositories};
use crate::model::inventory::RepositorySummary;
use crate::model::observation::{ObservedNode, ObservedRegistration};
use crate::model::{Cluster, ClusterId, Observation, RepositoryName};
use tintype_engine::{Engine, Error, HealthStatus, Registration};

/// Looks at a cluster and keeps what was seen. Never fails: what went wrong is part of what was seen.
pub async fn refresh(operations: &Operations, id: &ClusterId, depth: Depth) {
    let cluster = match operations.store().cluster(id).await {
        Ok(Some(cluster)) => cluster,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, cluster = %id, "the cluster could not be read"),
    };
    let last = operations.store().observation(id).await.ok().flatten();
    let last = last.unwrap_or_default();
    let observation = look(operations, &cluster, &last, depth).await;
    if let Err(error) = operations.store().put_observation(id, &observation).await {
        tracing::error!(%error, cluster = %id, "the look could not be kept");
    }
    if observation.registrations != last.registrations {
        operations.live().registrations_changed();
    }
}

/// Looks at a cluster. When it cannot be reached, what was last seen stays, and `reachable` is false.
async fn look(operations: &Operations, cluster: &Cluster, last: &Observation, depth: Depth) -> Observation {
    let at = operations.now();
    let unreachable = |problem: String| Observation {
        at,
        reachable: false,
        problem: Some(problem),
        ..last.clone()
    };
    let engine = match operations.engines().of(cluster).await {
        Ok(Ok(engine)) => engine.apart(),
        Ok(Err(failure)) => return unreachable(failure.message),
        Err(error) => return unreachable(error.to_string()),
    };
    match looks::pinned_answers(&engine, cluster).await {
        Ok(()) => {}
        Err(error) => return unreachable(error.to_string()),
    }
    match ask(operations, cluster, &engine, last, depth).await {
        Ok(observation) => Observation { at, ..observation },
        Err(error) => unreachable(error.to_string()),
    }
}

async fn ask(
    operations: &Operations,
    cluster: &Cluster,
    engine: &Engine,
    last: &Observation,
    depth: Depth,
) -> Result<Observation, Error> {
    let health = engine.health().await?;
    let nodes = engine.nodes().await?;
    let registrations: Vec<ObservedRegistration> =
        engine.repositories().await?.iter().map(observed).collect();
    let repository = repository_of(operations, cluster, &registrations).await;
    let seen = Observation {
        at: last.at,
        reachable: true,
        problem: None,
        health: Some(colour(health.status).to_owned()),
        nodes: nodes.into_iter().map(node).collect(),
        registrations,
        repository,
        ..Observation::default()
    };
    let (inventory, strays) = inventory::look(operations, cluster, engine, &seen, last, depth).await?;
    let own = |one: &&RepositorySummary| {
        let own = seen.repository.as_ref().map(RepositoryName::as_str);
        own == Some(one.name.as_str())
    };
    let own = inventory
        .repositories
        .iter()
        .find(own)
        .cloned()
        .unwrap_or_default();
    Ok(Observation {
        // A repository that cannot be read is not a dead engine: the rest of the look is good.
        problem: own.problem,
        snapshots: own.snapshots,
        strays,
        inventory: Some(inventory),
        ..seen
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
