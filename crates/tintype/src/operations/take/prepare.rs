//! Before anything is sent: the registration, the name, the indices. Ends with the intent.

use super::super::engines::dialect;
use super::super::registration::{self, Found};
use super::super::step::{Context, Flow, StepResult, advance, write_state};
use super::super::{looks, retry};
use super::{Take, create};
use crate::model::take::{Intent, TakeState};
use crate::model::{AccessLevel, Answer, Failure, FailureKind, Status};
use crate::store::{NameFate, Step};
use std::time::Duration;
use tintype_engine::{Error, SnapshotInfo};

/// Looks at everything that decides whether the request may be sent, then commits the intent and sends it.
pub async fn prepare(context: &mut Context, take: &Take) -> StepResult {
    if context.cancel_requested() {
        return context
            .end(Status::Cancelled, None, None, Some(NameFate::Free))
            .await;
    }
    if let Err(failure) = take.cluster.allows(AccessLevel::Take, "taking a snapshot") {
        return refuse(context, failure).await;
    }
    let seen = look(context, take).await;
    match seen.registration {
        Err(error) => return not_prepared(context, take, &error).await,
        Ok(Err(failure)) => return refuse(context, failure).await,
        Ok(Ok(Found::Missing(wanted))) => {
            let message = format!(
                "{} is not registered; creating it for {}",
                wanted.name,
                wanted.location()
            );
            context
                .commit("registering", advance(&TakeState::Registering, "intent", message))
                .await?;
            return register(context, take).await;
        }
        Ok(Ok(Found::Usable)) => {}
    }
    match seen.namesake {
        Err(error) => return not_prepared(context, take, &error).await,
        Ok(Some(other)) => {
            let message = format!(
                "a snapshot named {:?} exists in {} (uuid {}). Choose another name",
                take.name(),
                take.repository(),
                other.uuid
            );
            return refuse(context, Failure::new(FailureKind::NameConflict, message)).await;
        }
        Ok(None) => {}
    }
    match seen.busy {
        Err(error) => return not_prepared(context, take, &error).await,
        Ok(true) => return queue(context, "one snapshot at a time").await,
        Ok(false) => {}
    }
    let indices = match seen.indices {
        Err(error) => return not_prepared(context, take, &error).await,
        Ok(indices) => indices.held,
    };
    let intent = Intent {
        sent: 1,
        at: context.now(),
        indices,
        uuid: None,
    };
    create::begin(context, take, intent).await
}

/// What the engine says of everything that decides whether the request may be sent.
struct Seen {
    registration: Result<Result<Found, Failure>, Error>,
    namesake: Result<Option<SnapshotInfo>, Error>,
    busy: Result<bool, Error>,
    indices: Result<looks::Indices, Error>,
}

/// All looks at once, since somebody waits and none needs another's answer. That of a name in a repository that is not
/// registered says nothing, and is not read.
async fn look(context: &Context, take: &Take) -> Seen {
    let (registration, namesake, busy, indices) = tokio::join!(
        registration::look(context, &take.engine, &take.cluster, &take.parameters),
        context.call("look_name", take.find()),
        busy(context, take),
        context.call("look_indices", looks::indices(&take.engine, &take.cluster)),
    );
    Seen {
        registration,
        namesake,
        busy,
        indices,
    }
}

/// The engine takes only so many snapshots at once, and runs as many.
async fn busy(context: &Context, take: &Take) -> Result<bool, Error> {
    let Some(limit) = dialect(&take.cluster).and_then(|dialect| dialect.max_concurrent_snapshots()) else {
        return Ok(false);
    };
    let running = context
        .call("look_running", take.engine.snapshots_running())
        .await?;
    Ok(running.len() >= limit as usize)
}

/// Creates the missing registration; after a crash or a lost answer, looks first.
pub async fn register(context: &mut Context, take: &Take) -> StepResult {
    let found = registration::look(context, &take.engine, &take.cluster, &take.parameters).await;
    let wanted = match found {
        Err(error) => return not_prepared(context, take, &error).await,
        Ok(Err(failure)) => return refuse(context, failure).await,
        Ok(Ok(Found::Usable)) => {
            return registered(context, take).await;
        }
        Ok(Ok(Found::Missing(wanted))) => wanted,
    };
    match context
        .call("create_repository", registration::create(&take.engine, &wanted))
        .await
    {
        Ok(()) => registered(context, take).await,
        Err(error) if error.is_refused() => refuse(context, registration::refused(&error)).await,
        Err(error) => not_prepared(context, take, &error).await,
    }
}

/// The registration is there. The fleet's other clusters must see it at once: it is a writer.
async fn registered(context: &mut Context, take: &Take) -> StepResult {
    let message = format!("{} is registered", take.repository());
    context
        .commit(
            "registered",
            advance(&TakeState::Verifying, "registered", message),
        )
        .await?;
    context.operations.refresh_soon(&take.cluster.id);
    Ok(Flow::Again)
}

/// Asks the engine to verify a registration that this operation made.
pub async fn verify(context: &mut Context, take: &Take) -> StepResult {
    match context
        .call(
            "verify_repository",
            take.engine.verify_repository(take.repository()),
        )
        .await
    {
        Ok(_) => {
            let step = advance(
                &TakeState::Preparing,
                "verified",
                "every node can reach the storage",
            );
            context.commit("verified", step).await?;
            Ok(Flow::Again)
        }
        Err(error) if error.is_refused() => refuse(context, registration::not_verified(&error)).await,
        Err(error) => not_prepared(context, take, &error).await,
    }
}

/// Nothing reached the engine and nothing will: the name stays free.
async fn refuse(context: &mut Context, failure: Failure) -> StepResult {
    context.fail(failure, Some(NameFate::Free)).await
}

/// A look failed. A moment later it may not: a few tries, then a clear end, since somebody is waiting for the answer.
async fn not_prepared(context: &mut Context, take: &Take, error: &Error) -> StepResult {
    let answered = context.operation.answer.is_some();
    if let Some(pause) = retry::pause(error, context.operation.attempts, answered) {
        return context.wait(pause, Step::default()).await;
    }
    let failure = looks::failure(error, &take.cluster);
    refuse(context, failure).await
}

/// The engine takes one snapshot at a time: the command is queued here, which the caller may know.
pub async fn queue(context: &mut Context, why: &str) -> StepResult {
    let first = context.operation.answer.is_none();
    let step = Step {
        state: Some(write_state(&TakeState::Preparing)),
        answer: first.then_some(Answer::Accepted),
        events: if first {
            vec![(
                "queued",
                format!("the engine is busy with another snapshot ({why})"),
            )]
        } else {
            vec![]
        },
        attempts: Some(0),
        ..Step::default()
    };
    context.wait(Duration::from_secs(2), step).await
}
