//! Creating a registration that is missing on an engine, as an operation of its own.

use super::job::Job;
use super::location::Wanted;
use super::step::{Context, Flow, StepResult, Stop, advance, write_state};
use super::{Operations, looks, registration, repositories, retry};
use crate::error::{Error, Missing, Result};
use crate::ids;
use crate::model::register::{RegisterParameters, RegisterState};
use crate::model::{AccessLevel, Cluster, Operation, OperationKind, RepositoryName, Status};
use crate::store::{NewOperation, Started, Step};
use tintype_engine::Engine;

impl Operations {
    /// Starts the registration of a platform repository on a cluster's engine.
    ///
    /// # Errors
    /// `NotFound` for a repository that the platform does not know; `Failed` when the level or another writer forbids it.
    pub async fn register(
        &self,
        cluster: &Cluster,
        repository: &RepositoryName,
        by: &str,
    ) -> Result<Operation> {
        cluster.allows(AccessLevel::Operate, "registering a repository")?;
        let resolved = repositories::resolve(self, cluster, Some(repository)).await?;
        let Some(platform) = resolved.platform else {
            return Err(Error::missing(
                Missing::Repository,
                "the platform has no repository of this name",
            ));
        };
        let wanted = Wanted::new(&platform, cluster, resolved.engine_name);
        registration::may_create(self, cluster, &wanted).await?;
        let now = self.now();
        let parameters = RegisterParameters {
            platform_repository: platform.name,
            name: wanted.name,
            kind: wanted.kind,
            settings: wanted.settings,
        };
        let new = NewOperation {
            id: ids::time_ordered(now),
            kind: OperationKind::RegisterRepository,
            cluster_id: cluster.id.clone(),
            requested_by: by.to_owned(),
            parameters: serde_json::json!(parameters),
            state: write_state(&RegisterState::Preparing),
            reserve: None,
            idempotency: None,
            now,
        };
        match self.begin(&new).await? {
            Started::New(operation) | Started::Replayed(operation) => Ok(operation),
            Started::KeyReused | Started::NameTaken { .. } => Err(Error::KeyReused),
        }
    }
}

/// One step of a registration.
pub async fn step(context: &mut Context) -> StepResult {
    let state = match context.state::<RegisterState>() {
        Ok(state) => state,
        Err(failure) => return context.fail(failure, None).await,
    };
    let Job {
        cluster,
        engine,
        parameters,
    } = match Job::<RegisterParameters>::load(context).await? {
        Ok(job) => job,
        Err(failure) => return context.fail(failure, None).await,
    };
    let wanted = Wanted {
        name: parameters.name,
        kind: parameters.kind,
        settings: parameters.settings,
    };
    match state {
        RegisterState::Preparing if context.cancel_requested() => {
            context.end(Status::Cancelled, None, None, None).await
        }
        RegisterState::Preparing => prepare(context, &cluster, &engine, &wanted).await,
        RegisterState::Registering => create(context, &cluster, &engine, &wanted).await,
        RegisterState::Verifying => verify(context, &cluster, &engine, &wanted).await,
    }
}

async fn prepare(context: &mut Context, cluster: &Cluster, engine: &Engine, wanted: &Wanted) -> StepResult {
    if let Err(failure) = registration::may_create(&context.operations, cluster, wanted).await {
        return context.fail(failure, None).await;
    }
    match there(context, cluster, engine, wanted).await? {
        There::Usable => {
            let outcome = serde_json::json!({ "created": false, "location": wanted.location() });
            context.end(Status::Succeeded, Some(outcome), None, None).await
        }
        There::Ended(flow) => Ok(flow),
        There::Missing => {
            let message = format!("create {} for {}", wanted.name, wanted.location());
            context
                .commit("intent", advance(&RegisterState::Registering, "intent", message))
                .await?;
            send(context, cluster, engine, wanted).await
        }
    }
}

/// The intent was committed: the request may have been sent. Looks first.
async fn create(context: &mut Context, cluster: &Cluster, engine: &Engine, wanted: &Wanted) -> StepResult {
    match there(context, cluster, engine, wanted).await? {
        There::Usable => registered(context).await,
        There::Ended(flow) => Ok(flow),
        There::Missing => send(context, cluster, engine, wanted).await,
    }
}

async fn send(context: &mut Context, cluster: &Cluster, engine: &Engine, wanted: &Wanted) -> StepResult {
    match context
        .call("create_repository", registration::create(engine, wanted))
        .await
    {
        Ok(()) => registered(context).await,
        Err(error) if error.is_refused() => context.fail(registration::refused(&error), None).await,
        Err(error) => again(context, cluster, &error).await,
    }
}

async fn registered(context: &mut Context) -> StepResult {
    let step = advance(
        &RegisterState::Verifying,
        "registered",
        "the engine has the registration",
    );
    context.commit("registered", step).await?;
    context.operations.refresh_soon(&context.operation.cluster_id);
    Ok(Flow::Again)
}

async fn verify(context: &mut Context, cluster: &Cluster, engine: &Engine, wanted: &Wanted) -> StepResult {
    match context
        .call(
            "verify_repository",
            engine.verify_repository(wanted.name.as_str()),
        )
        .await
    {
        Ok(nodes) => {
            let outcome = serde_json::json!({
                "created": true,
                "location": wanted.location(),
                "verified_by": nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(),
            });
            context.end(Status::Succeeded, Some(outcome), None, None).await
        }
        Err(error) if error.is_refused() => context.fail(registration::not_verified(&error), None).await,
        Err(error) => again(context, cluster, &error).await,
    }
}

enum There {
    Usable,
    Missing,
    Ended(Flow),
}

async fn there(
    context: &mut Context,
    cluster: &Cluster,
    engine: &Engine,
    wanted: &Wanted,
) -> std::result::Result<There, Stop> {
    match context
        .call("look_repository", engine.repository(wanted.name.as_str()))
        .await
    {
        Ok(None) => Ok(There::Missing),
        Ok(Some(found)) => match registration::matches(&found, wanted, cluster) {
            Ok(()) => Ok(There::Usable),
            Err(failure) => context.fail(failure, None).await.map(There::Ended),
        },
        Err(error) => again(context, cluster, &error).await.map(There::Ended),
    }
}

async fn again(context: &mut Context, cluster: &Cluster, error: &tintype_engine::Error) -> StepResult {
    match retry::pause(error, context.operation.attempts, true) {
        Some(pause) => {
            let first = context.operation.attempts == 0;
            let events = if first {
                vec![("engine_silent", error.to_string())]
            } else {
                Vec::new()
            };
            context
                .wait(
                    pause,
                    Step {
                        events,
                        ..Step::default()
                    },
                )
                .await
        }
        None => context.fail(looks::failure(error, cluster), None).await,
    }
}
