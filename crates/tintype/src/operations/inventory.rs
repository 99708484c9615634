//! What a cluster's repositories hold: all of it now and then, and in between only whether its own has changed.
//!
//! Engines read one file of the storage for each snapshot that they list, so the whole is listed when a cluster is
//! attached or changed, after each operation, when its registrations change, and once an interval
//! (`watch.inventory_interval_seconds`). Every other look costs one file.

use super::strays::Open;
use super::tally::Tally;
use super::{Operations, looks};
use crate::model::inventory::{ObservedPolicy, RepositorySummary, Uncovered};
use crate::model::observation::{ObservedRegistration, Stray};
use crate::model::{Cluster, Inventory, Observation};
use jiff::SignedDuration;
use std::collections::HashSet;
use tintype_engine::{Engine, Error, Policy};

/// How much a look goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What is due: the watch's own looks.
    Due,
    /// Everything.
    Whole,
}

/// The inventory for this look, and the strays in the cluster's own repository.
///
/// # Errors
/// When the engine is lost meanwhile; a repository that cannot be read is told in its summary.
pub async fn look(
    operations: &Operations,
    cluster: &Cluster,
    engine: &Engine,
    seen: &Observation,
    last: &Observation,
    depth: Depth,
) -> Result<(Inventory, Vec<Stray>), Error> {
    let kept = last.inventory.clone().filter(|kept| {
        depth == Depth::Due && !is_due(operations, kept) && last.registrations == seen.registrations
    });
    match kept {
        Some(kept) => keep_up(operations, cluster, engine, seen, last, kept).await,
        None => {
            // Thousands of snapshots pass through memory: not of many clusters at once.
            let _place = operations.live().inventory_place().await;
            whole(operations, cluster, engine, seen, last).await
        }
    }
}

fn is_due(operations: &Operations, kept: &Inventory) -> bool {
    let interval = operations.config().watch.inventory_interval_seconds;
    let interval = SignedDuration::from_secs(i64::try_from(interval).unwrap_or(i64::MAX));
    operations.now().duration_since(kept.at) >= interval
}

/// Lists the cluster's own repository again if anything came, went or ended in it.
async fn keep_up(
    operations: &Operations,
    cluster: &Cluster,
    engine: &Engine,
    seen: &Observation,
    last: &Observation,
    mut kept: Inventory,
) -> Result<(Inventory, Vec<Stray>), Error> {
    let own = seen.repository.as_ref();
    let own = own.and_then(|own| {
        let mut all = kept.repositories.iter_mut();
        all.find(|one| one.name == own.as_str())
    });
    let Some(own) = own else {
        return Ok((kept, last.strays.clone()));
    };
    match engine.snapshots_mark(&own.name).await {
        Ok(mark) if mark == own.mark && own.problem.is_none() => return Ok((kept, last.strays.clone())),
        Ok(_) => {}
        Err(error) => {
            own.problem = Some(error.to_string());
            return Ok((kept, last.strays.clone()));
        }
    }
    let open = Open::of(operations, cluster, &own.name).await;
    let mut tally = Tally::new(Some(&open), None);
    match list(engine, &own.name, &mut tally).await {
        Ok(()) => {
            let (summary, strays) = tally.sum(&own.name, own.readonly);
            *own = summary;
            Ok((kept, open.report(strays, &last.strays)))
        }
        Err(error) => {
            own.problem = Some(error.to_string());
            Ok((kept, last.strays.clone()))
        }
    }
}

async fn whole(
    operations: &Operations,
    cluster: &Cluster,
    engine: &Engine,
    seen: &Observation,
    last: &Observation,
) -> Result<(Inventory, Vec<Stray>), Error> {
    let at = operations.now();
    let mut uncovered: HashSet<String> = engine.index_names().await?.into_keys().collect();
    let mut repositories = Vec::new();
    let mut strays = last.strays.clone();
    for registration in seen.registrations.iter().take(Inventory::REPOSITORIES) {
        let own = seen.repository.as_ref();
        let open = match own.filter(|own| own.as_str() == registration.name) {
            Some(own) => Some(Open::of(operations, cluster, own.as_str()).await),
            None => None,
        };
        let covers = (!registration.readonly).then_some(&mut uncovered);
        let mut tally = Tally::new(open.as_ref(), covers);
        repositories.push(match list(engine, &registration.name, &mut tally).await {
            Ok(()) => {
                let (summary, found) = tally.sum(&registration.name, registration.readonly);
                if let Some(open) = open {
                    strays = open.report(found, &last.strays);
                }
                summary
            }
            Err(error) => unread(registration, last, &error),
        });
    }
    let (policies, policies_problem) = match engine.policies().await {
        Ok(policies) => (policies, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let left_out = seen.registrations.len().saturating_sub(repositories.len());
    let policies = policies.map(|all| all.into_iter().take(Inventory::POLICIES).map(policy).collect());
    let inventory = Inventory {
        at,
        repositories,
        repositories_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        policies,
        policies_problem,
        uncovered: Uncovered::of(uncovered),
    };
    Ok((inventory, strays))
}

async fn list(engine: &Engine, repository: &str, tally: &mut Tally<'_>) -> Result<(), Error> {
    engine
        .each_snapshot(repository, &mut |info| tally.add(info))
        .await
}

/// What was last known of a repository that cannot be read now.
fn unread(registration: &ObservedRegistration, last: &Observation, error: &Error) -> RepositorySummary {
    let mut known = last
        .inventory
        .iter()
        .flat_map(|inventory| &inventory.repositories);
    let known = known.find(|one| one.name == registration.name).cloned();
    RepositorySummary {
        name: registration.name.clone(),
        readonly: registration.readonly,
        problem: Some(error.to_string()),
        ..known.unwrap_or_default()
    }
}

fn policy(policy: Policy) -> ObservedPolicy {
    let success = policy.last_success.as_ref().map(|run| run.at_ms);
    let failure = policy.last_failure.as_ref().map(|run| run.at_ms);
    ObservedPolicy {
        name: policy.name,
        schedule: policy.schedule,
        repository: policy.repository,
        enabled: policy.enabled,
        last_success: looks::timestamp(success),
        last_failure: looks::timestamp(failure),
        last_failure_cause: policy.last_failure.and_then(|run| run.cause),
        next_run: looks::timestamp(policy.next_ms),
    }
}
