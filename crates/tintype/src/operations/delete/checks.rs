//! What must be true right before a snapshot is deleted.

use super::super::engines::dialect;
use super::super::location::{comparable, is_readonly};
use super::super::looks;
use super::super::step::{Context, Stop};
use super::Job;
use crate::model::restore::RestoreParameters;
use crate::model::{Failure, FailureKind, OperationKind, Status};
use crate::store::{OperationFilter, StoreError};
use tintype_engine::{Error, Registration, SnapshotInfo, SnapshotState, SnapshotUses};

/// Where a registration points, as far as it can be compared.
pub fn place(registration: &Registration) -> String {
    comparable(&registration.kind, &registration.settings)
        .unwrap_or_else(|| format!("{}:?", registration.kind))
}

/// The place of the registration, when everything allows to delete our snapshot there.
///
/// Outer: the store failed. Middle: the engine could not be asked. Inner: it may not be deleted, and why.
pub async fn may_delete(
    context: &Context,
    job: &Job,
) -> Result<Result<Result<String, Failure>, Error>, Stop> {
    // The findings are kept in memory only: after a restart this may come before the first search.
    context.operations.find_shared_locations().await?;
    if let Some(writers) = context
        .operations
        .several_writers(&job.cluster.id, job.repository())
    {
        let why = format!("{writers}, and a delete there could destroy another cluster's snapshots");
        return Ok(Ok(Err(in_use(job, &why))));
    }
    if let Some(restore) = own_restore(context, job).await? {
        let why = format!("operation {restore} restores from it");
        return Ok(Ok(Err(in_use(job, &why))));
    }
    Ok(on_engine(context, job).await)
}

async fn on_engine(context: &Context, job: &Job) -> Result<Result<String, Failure>, Error> {
    let registrations = context.call("look_repository", job.engine.repositories()).await?;
    let Some(own) = registrations.iter().find(|one| one.name == job.repository()) else {
        let message = format!(
            "{} is not registered on the engine of cluster {}",
            job.repository(),
            job.cluster.id
        );
        return Ok(Err(Failure::new(FailureKind::RepositoryNotFound, message)));
    };
    if is_readonly(&own.kind, &own.settings) {
        let why = format!("{} is registered read-only", job.repository());
        return Ok(Err(in_use(job, &why)));
    }
    let same = same_place(own, &registrations);
    if let Some(other) = same
        .iter()
        .find(|one| one.name != own.name && !is_readonly(&one.kind, &one.settings))
    {
        let why = format!("{} writes to the same location", other.name);
        return Ok(Err(in_use(job, &why)));
    }
    let found = context.call("look_snapshot", job.find()).await?;
    if let Err(failure) = is_ours(job, found.as_ref()) {
        return Ok(Err(failure));
    }
    let uses = context.call("look_uses", job.engine.snapshot_uses()).await?;
    let names: Vec<&str> = same.iter().map(|one| one.name.as_str()).collect();
    Ok(match used_by(&uses, job, &names) {
        Some(why) => Err(in_use(job, &why)),
        None => Ok(place(own)),
    })
}

/// Exactly this name has exactly the uuid that was recorded, it has ended, and where the engine keeps metadata it names
/// the operation that made it.
fn is_ours(job: &Job, found: Option<&SnapshotInfo>) -> Result<(), Failure> {
    let (repository, name) = (job.repository(), job.snapshot());
    let Some(found) = found else {
        let message = format!("there is no snapshot {name} in {repository}");
        return Err(Failure::new(FailureKind::SnapshotNotFound, message));
    };
    let not_ours = |why: String| {
        let message = format!("{repository}/{name} {why}. It is left alone");
        Err(Failure::new(FailureKind::NotOurs, message))
    };
    if found.uuid != job.parameters.uuid {
        return not_ours(format!(
            "has the uuid {}, and the one that Tintype made had {}: somebody made another under its name",
            found.uuid, job.parameters.uuid
        ));
    }
    if found.state == SnapshotState::InProgress {
        return Err(in_use(job, "it is still being taken"));
    }
    let keeps = dialect(&job.cluster).is_none_or(|dialect| dialect.keeps_metadata());
    let maker = looks::operation_of(found);
    if keeps && maker != Some(job.parameters.made_by.as_str()) {
        return not_ours(format!(
            "does not name operation {} as its maker in its metadata",
            job.parameters.made_by
        ));
    }
    Ok(())
}

/// The registrations of one engine through which the same storage is reached.
fn same_place<'a>(own: &Registration, all: &'a [Registration]) -> Vec<&'a Registration> {
    let location = comparable(&own.kind, &own.settings);
    let same = |one: &&Registration| {
        one.name == own.name
            || (location.is_some() && comparable(&one.kind, &one.settings) == location)
            || (own.uuid.is_some() && one.uuid == own.uuid)
    };
    all.iter().filter(same).collect()
}

fn used_by(uses: &SnapshotUses, job: &Job, registrations: &[&str]) -> Option<String> {
    let restored = uses.restoring.iter().any(|(repository, snapshot)| {
        snapshot == job.snapshot() && registrations.contains(&repository.as_str())
    });
    if restored {
        return Some("a restore from it is running".to_owned());
    }
    let mounted: Vec<&str> = uses
        .mounts
        .iter()
        .filter(|mount| mount.uuid == job.parameters.uuid)
        .map(|mount| mount.index.as_str())
        .collect();
    (!mounted.is_empty()).then(|| format!("these indices are mounted from it: {}", mounted.join(", ")))
}

/// The engine is deleting it at this moment.
pub fn is_deleting(uses: &SnapshotUses, job: &Job) -> bool {
    uses.deleting
        .iter()
        .any(|(repository, snapshot)| repository == job.repository() && snapshot == job.snapshot())
}

/// A restore of Tintype's own that has not ended; it may not have reached the engine yet.
async fn own_restore(context: &Context, job: &Job) -> Result<Option<String>, StoreError> {
    let filter = OperationFilter {
        cluster_id: Some(job.cluster.id.clone()),
        kinds: vec![OperationKind::RestoreSnapshot],
        statuses: vec![Status::Queued, Status::Running],
        before: None,
        limit: 1000,
    };
    let running = context.operations.store().operations(&filter).await?;
    let from_it = running.into_iter().find(|operation| {
        serde_json::from_value::<RestoreParameters>(operation.parameters.clone()).is_ok_and(|asked| {
            asked.repository == job.parameters.repository && asked.snapshot == job.parameters.snapshot
        })
    });
    Ok(from_it.map(|operation| operation.id))
}

fn in_use(job: &Job, why: &str) -> Failure {
    let message = format!("{}/{} was not deleted: {why}", job.repository(), job.snapshot());
    Failure::new(FailureKind::InUse, message)
}
