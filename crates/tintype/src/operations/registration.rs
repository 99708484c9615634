//! The registration of a repository on an engine: adopted as it is, created when missing, never changed.

use super::location::{self, Wanted, comparable};
use super::step::Context;
use super::{Operations, looks};
use crate::model::take::TakeParameters;
use crate::model::{AccessLevel, Cluster, Failure, FailureKind, RepositoryName};
use crate::store::ClusterPage;
use serde_json::Value;
use tintype_engine::{Engine, Error, Registration};

/// What a look at the engine's registrations found.
pub enum Found {
    /// There, and it is the storage that was meant.
    Usable,
    /// Not there, and Tintype may create this.
    Missing(Wanted),
}

/// Looks whether the repository of a take can be used as it is, or may be created.
///
/// # Errors
/// Outer: the engine could not be asked. Inner: it cannot be used, and why.
pub async fn look(
    context: &Context,
    engine: &Engine,
    cluster: &Cluster,
    parameters: &TakeParameters,
) -> Result<Result<Found, Failure>, Error> {
    let name = &parameters.repository;
    let found = context
        .call("look_repository", engine.repository(name.as_str()))
        .await?;
    let Some(platform) = &parameters.platform_repository else {
        return Ok(match found {
            Some(_) => Ok(Found::Usable),
            None => Err(not_found(format!(
                "{name} is not registered on the engine of cluster {} any more",
                cluster.id
            ))),
        });
    };
    let platform = match context.operations.store().repository(platform).await {
        Ok(Some(platform)) => platform,
        Ok(None) => {
            return Ok(Err(not_found(format!(
                "{platform} was removed from the platform"
            ))));
        }
        Err(error) => return Ok(Err(Failure::new(FailureKind::Internal, error.to_string()))),
    };
    let wanted = Wanted::new(&platform, cluster, name.clone());
    match found {
        Some(found) => Ok(matches(&found, &wanted, cluster).map(|()| Found::Usable)),
        None => Ok(may_create(&context.operations, cluster, &wanted)
            .await
            .map(|()| Found::Missing(wanted))),
    }
}

/// The registration points where it should. Other settings are the operator's own and are not compared.
pub fn matches(found: &Registration, wanted: &Wanted, cluster: &Cluster) -> Result<(), Failure> {
    let there = comparable(&found.kind, &found.settings).unwrap_or_else(|| format!("{}:?", found.kind));
    if found.kind == wanted.kind && there == wanted.location() {
        return Ok(());
    }
    let message = format!(
        "{} is registered on cluster {} as {there}, and the platform means {}. Nothing was changed. Adopt what is there \
         (`tintype cluster update {} --adopt`) or give the cluster another engine-side name (`--engine-repository`)",
        found.name,
        cluster.id,
        wanted.location(),
        cluster.id
    );
    Err(Failure::new(FailureKind::RepositoryConflict, message))
}

/// The level allows it, and no other writer is known at the location.
pub async fn may_create(operations: &Operations, cluster: &Cluster, wanted: &Wanted) -> Result<(), Failure> {
    if cluster.access < AccessLevel::Operate {
        return Err(not_found(format!(
            "{} is not registered on cluster {}, and its access level {} does not allow creating it. Register it on the \
             engine as {}, or attach with operate",
            wanted.name,
            cluster.id,
            cluster.access.as_str(),
            wanted.location()
        )));
    }
    let writer = other_writer(operations, cluster, wanted)
        .await
        .map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
    match writer {
        None => Ok(()),
        Some(writer) => {
            let message = format!(
                "{} is already written to by {writer}. Two clusters that write to one location destroy each other's \
                 snapshots, so it was not registered. Give this cluster a location of its own",
                wanted.location()
            );
            Err(Failure::new(FailureKind::RepositoryConflict, message))
        }
    }
}

/// Another writable registration of the location, anywhere in the fleet, as last seen.
async fn other_writer(
    operations: &Operations,
    cluster: &Cluster,
    wanted: &Wanted,
) -> crate::store::Result<Option<String>> {
    let location = wanted.location();
    let mut page = ClusterPage {
        from: 0,
        size: Some(500),
        contains: None,
    };
    loop {
        let (clusters, _) = operations.store().clusters(&page).await?;
        if clusters.is_empty() {
            return Ok(None);
        }
        page.from += clusters.len() as u64;
        let ids: Vec<_> = clusters.iter().map(|one| one.id.clone()).collect();
        for (id, seen) in operations.store().observations(&ids).await? {
            let same_name = |name: &str| id == cluster.id && name == wanted.name.as_str();
            let writer = seen.registrations.iter().find(|one| {
                !one.readonly && one.location.as_deref() == Some(location.as_str()) && !same_name(&one.name)
            });
            if let Some(writer) = writer {
                return Ok(Some(format!(
                    "cluster {id} through its registration {}",
                    writer.name
                )));
            }
        }
    }
}

/// Creates a registration that a look just found missing; unverified, since a verifying PUT waits behind snapshots.
///
/// # Errors
/// The engine's.
pub async fn create(engine: &Engine, wanted: &Wanted) -> Result<(), Error> {
    engine
        .create_repository(wanted.name.as_str(), &wanted.kind, &wanted.settings)
        .await
}

/// The engine's refusal, in its own words.
pub fn refused(error: &Error) -> Failure {
    let kind = if error.is_storage_access_denied() {
        FailureKind::InvalidCredentials
    } else if error.is_missing_repository() {
        FailureKind::RepositoryNotFound
    } else {
        FailureKind::EngineRefused
    };
    Failure::new(kind, error.to_string())
}

/// The engine registered it and cannot use it. The registration stays: Tintype made it, and removing it would hide why.
pub fn not_verified(error: &Error) -> Failure {
    let kind = if error.is_storage_access_denied() {
        FailureKind::InvalidCredentials
    } else {
        FailureKind::EngineRefused
    };
    Failure::new(
        kind,
        format!("the repository is registered, and the engine's nodes cannot use it: {error}"),
    )
}

/// The location that the engine already has under a name, for `--adopt`.
///
/// # Errors
/// `RepositoryNotFound` when there is none; `RepositoryConflict` when it is of another type.
pub async fn adopt(
    engine: &Engine,
    cluster: &Cluster,
    name: &RepositoryName,
    kind: &str,
) -> Result<String, Failure> {
    let found = engine
        .repository(name.as_str())
        .await
        .map_err(|error| looks::failure(&error, cluster))?;
    let Some(found) = found else {
        return Err(not_found(format!(
            "there is no registration {name} on the engine to adopt"
        )));
    };
    if found.kind != kind {
        let message = format!(
            "{name} is of type {} on the engine, and of type {kind} on the platform",
            found.kind
        );
        return Err(Failure::new(FailureKind::RepositoryConflict, message));
    }
    let member = location::location_member(kind);
    Ok(found
        .settings
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned())
}

fn not_found(message: String) -> Failure {
    Failure::new(FailureKind::RepositoryNotFound, message)
}
