//! How to restore a snapshot by hand: a shell script of plain `curl` commands that needs no Tintype.

mod script;

use super::location::{Wanted, is_secret};
use super::repositories::{Resolved, resolve};
use super::{Operations, looks};
use crate::app::App;
use crate::error::{Error, Missing, Result};
use crate::model::take::TakeOutcome;
use crate::model::{Cluster, Failure, FailureKind, RepositoryName, SnapshotName};
use serde::Serialize;
use serde_json::{Map, Value};
use tintype_engine::{Engine, SnapshotInfo};

/// A runbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Runbook {
    /// The repository's name on the engine that took it.
    pub repository: String,
    /// The snapshot's name.
    pub name: String,
    /// A shell script with comments, and no secrets.
    pub script: String,
}

/// What the script is made of.
struct Facts<'a> {
    cluster: &'a Cluster,
    repository: String,
    kind: String,
    /// Without secrets.
    settings: Map<String, Value>,
    /// The names of settings that were left out.
    secrets: Vec<String>,
    name: String,
    uuid: Option<String>,
    /// The version that made it.
    version: String,
    state: String,
    taken: String,
    indices: Vec<String>,
    data_streams: Vec<String>,
    /// Where this is known from.
    source: String,
}

/// The runbook of one snapshot. It is read from the engine; when that cannot be asked, from what Tintype recorded when
/// it took the snapshot.
///
/// # Errors
/// `NotFound`; `Failed` when the engine cannot be asked and nothing was recorded.
pub async fn runbook(
    app: &App,
    cluster: &Cluster,
    repository: &RepositoryName,
    name: &SnapshotName,
) -> Result<Runbook> {
    let resolved = resolve(&app.operations, cluster, Some(repository)).await?;
    let facts = match read(app, cluster, &resolved, name).await {
        Err(Error::Failed(failure)) if failure.kind == FailureKind::EngineUnreachable => {
            recorded(&app.operations, cluster, &resolved, name, failure).await?
        }
        other => other?,
    };
    Ok(Runbook {
        script: script::render(&facts),
        repository: facts.repository,
        name: facts.name,
    })
}

async fn read<'a>(
    app: &App,
    cluster: &'a Cluster,
    resolved: &Resolved,
    name: &SnapshotName,
) -> Result<Facts<'a>> {
    let engine: Engine = app.engines.of(cluster).await??;
    let repository = resolved.engine_name.as_str();
    let failed = |error| looks::failure(&error, cluster);
    let registration = engine.repository(repository).await.map_err(failed)?;
    let found = match &registration {
        None => None,
        Some(_) => engine.snapshot(repository, name.as_str()).await.map_err(failed)?,
    };
    let (Some(registration), Some(found)) = (registration, found) else {
        let message = format!("there is no snapshot {name} in {repository}");
        return Err(Error::missing(Missing::Snapshot, message));
    };
    let seen = app.clock.now();
    let (settings, secrets) = split(registration.settings);
    let SnapshotInfo {
        uuid,
        state,
        version,
        start_time_ms,
        indices,
        data_streams,
        ..
    } = found;
    Ok(Facts {
        cluster,
        repository: repository.to_owned(),
        kind: registration.kind,
        settings,
        secrets,
        name: name.to_string(),
        uuid: Some(uuid).filter(|uuid| !uuid.is_empty()),
        version: version.unwrap_or_else(|| cluster.engine_version.clone()),
        state: state.to_string(),
        taken: looks::timestamp(start_time_ms).map_or_else(|| "unknown".to_owned(), |at| at.to_string()),
        indices,
        data_streams,
        source: format!("the engine itself, at {seen}"),
    })
}

/// The engine may be gone: that is when a runbook is needed most.
async fn recorded<'a>(
    operations: &Operations,
    cluster: &'a Cluster,
    resolved: &Resolved,
    name: &SnapshotName,
    failure: Failure,
) -> Result<Facts<'a>> {
    let names = operations
        .store()
        .names(&cluster.uuid, &resolved.engine_name)
        .await?;
    let (Some(platform), Some(maker)) = (&resolved.platform, names.get(name)) else {
        return Err(failure.into());
    };
    let outcome = operations.operation(maker).await?.outcome;
    let Some(outcome) = outcome.and_then(|outcome| serde_json::from_value::<TakeOutcome>(outcome).ok())
    else {
        return Err(failure.into());
    };
    let wanted = Wanted::new(platform, cluster, resolved.engine_name.clone());
    let (settings, secrets) = split(wanted.settings);
    Ok(Facts {
        cluster,
        repository: resolved.engine_name.to_string(),
        kind: wanted.kind,
        settings,
        secrets,
        name: name.to_string(),
        uuid: outcome.uuid,
        version: cluster.engine_version.clone(),
        state: outcome.state.unwrap_or_else(|| "unknown".to_owned()),
        taken: outcome
            .start_time
            .map_or_else(|| "unknown".to_owned(), |at| at.to_string()),
        indices: outcome.indices,
        data_streams: Vec::new(),
        source: format!(
            "what operation {maker} recorded; the engine could not be asked: {}",
            failure.message
        ),
    })
}

/// The settings that may be shown, and the names of the others.
fn split(settings: Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let (secret, shown): (Map<String, Value>, _) = settings.into_iter().partition(|(key, _)| is_secret(key));
    (shown, secret.into_iter().map(|(key, _)| key).collect())
}
