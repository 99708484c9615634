//! The one request that must not be doubled: its intent, its sending, and what a lost answer means.

use super::super::step::{Context, Flow, StepResult, advance};
use super::super::{failpoint, looks, registration, retry};
use super::{Take, prepare, watch};
use crate::model::take::{Intent, TakeState};
use crate::model::{Answer, Failure, FailureKind, SnapshotName, Status};
use crate::store::{NameFate, Step};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;
use tintype_engine::{CreateSnapshot, Error, SnapshotInfo};

/// Requests under one name. A second is sent only when the first was lost and the engine shows no trace of it.
const MOST_SENT: u32 = 2;
/// How far an engine's clock may be behind ours before its snapshot is taken for somebody else's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Commits the intent, then sends the request.
pub async fn begin(context: &mut Context, take: &Take, intent: Intent) -> StepResult {
    if failpoint::planted("no_intent") {
        return send(context, take, intent).await;
    }
    let message = format!(
        "create {}/{} of {} indices, request {} of at most {MOST_SENT}",
        take.repository(),
        take.name(),
        intent.indices.len(),
        intent.sent
    );
    let mut step = advance(&TakeState::Creating(intent.clone()), "intent", message);
    if intent.sent == 1 {
        // A request that cannot be sent leads back to the looks: together they are tried only so often.
        step.attempts = None;
    }
    // From here on a request may have been sent, whatever this process lives to see.
    step.name = (intent.sent > 1).then_some(NameFate::Burned);
    context.commit("intent", step).await?;
    send(context, take, intent).await
}

async fn send(context: &mut Context, take: &Take, intent: Intent) -> StepResult {
    let request = CreateSnapshot {
        include_global_state: true,
        partial: false,
        metadata: metadata(&context.operation.id),
        ..CreateSnapshot::default()
    };
    let sent = take
        .engine
        .create_snapshot(take.repository(), take.name(), &request);
    match context.call("create_snapshot", sent).await {
        Ok(_) => {
            // The caller need not wait for the commit: after a crash the intent leads to the same answer.
            context.tell(&Answer::Accepted);
            accepted(context, take, intent, "the engine accepted it").await
        }
        Err(error) if error.is_not_sent() => not_sent(context, take, intent, &error).await,
        Err(error) if error.is_refused() => refused(context, take, intent, &error).await,
        Err(error) => unknown(context, take, intent, &error).await,
    }
}

/// The state `Creating` was found: the request may have been sent. Looks by exact name and decides from what it finds.
pub async fn resume(context: &mut Context, take: &Take, intent: Intent) -> StepResult {
    if failpoint::planted("blind_retry") {
        return blind_retry(context, take, intent).await;
    }
    match context.call("look_created", take.find()).await {
        Ok(Some(found)) if is_ours(context, take, &intent, &found) => {
            accepted(
                context,
                take,
                intent.seen(found.uuid),
                "the engine has it, under our name",
            )
            .await
        }
        Ok(Some(found)) => {
            let message = format!(
                "another snapshot named {:?} was made in {} meanwhile (uuid {}); it is not ours and is left alone",
                take.name(),
                take.repository(),
                found.uuid
            );
            context
                .fail(
                    Failure::new(FailureKind::NameConflict, message),
                    Some(NameFate::Burned),
                )
                .await
        }
        Ok(None) if intent.sent < MOST_SENT && !context.cancel_requested() => {
            let intent = Intent {
                sent: intent.sent + 1,
                ..intent
            };
            begin(context, take, intent).await
        }
        Ok(None) => match retry::settling(context.operation.attempts) {
            Some(pause) => context.wait(pause, Step::default()).await,
            None if context.cancel_requested() => {
                context
                    .end(Status::Cancelled, None, None, Some(NameFate::Burned))
                    .await
            }
            None => lost(context, take).await,
        },
        Err(error) if retry::within_patience(&error, context) => {
            let pause = retry::pause(&error, context.operation.attempts, true).unwrap_or(retry::MOST);
            context.wait(pause, Step::default()).await
        }
        Err(error) => {
            let message = format!(
                "the request was sent and its answer lost, and the engine cannot be asked: {error}. If the snapshot \
                 {:?} appears later it will be reported",
                take.name()
            );
            context
                .fail(
                    Failure::new(FailureKind::OutcomeUnknown, message),
                    Some(NameFate::Burned),
                )
                .await
        }
    }
}

/// It is on the engine: from now on it is watched, and never sent again.
async fn accepted(context: &mut Context, take: &Take, intent: Intent, how: &str) -> StepResult {
    let mut step = advance(&TakeState::Watching(intent.clone()), "accepted", how);
    step.answer = Some(Answer::Accepted);
    step.name = Some(NameFate::Burned);
    context.commit("accepted", step).await?;
    context.operations.refresh_soon(&take.cluster.id);
    watch::watch(context, take, intent).await
}

async fn not_sent(context: &mut Context, take: &Take, intent: Intent, error: &Error) -> StepResult {
    if intent.sent > 1 {
        // The first request may still have arrived: look again rather than start over.
        let step = Step {
            events: vec![("not_sent", error.to_string())],
            ..Step::default()
        };
        return context.wait(retry::FIRST, step).await;
    }
    let answered = context.operation.answer.is_some();
    if let Some(pause) = retry::pause(error, context.operation.attempts, answered) {
        let attempts = context.operation.attempts + 1;
        let mut step = advance(&TakeState::Preparing, "not_sent", error.to_string());
        step.attempts = Some(attempts);
        return context.wait(pause, step).await;
    }
    context
        .fail(looks::failure(error, &take.cluster), Some(NameFate::Free))
        .await
}

async fn refused(context: &mut Context, take: &Take, intent: Intent, error: &Error) -> StepResult {
    let busy = error.is_name_taken() || error.is_concurrent_snapshot();
    if intent.sent > 1 || (busy && carried_out(context, take, &intent).await) {
        // Perhaps it was our own request that took the name, or that the engine is busy with: an engine repeats a
        // request when its master changes, and some load balancers repeat a PUT. Look.
        let step = Step {
            events: vec![("refused", error.to_string())],
            ..Step::default()
        };
        context.commit("refused", step).await?;
        return settle_after_second(context, take, intent, error).await;
    }
    if error.is_concurrent_snapshot() {
        return prepare::queue(context, &error.to_string()).await;
    }
    if error.is_transient() {
        // Too much at once, and not done: the same as if it had not been sent.
        return not_sent(context, take, intent, error).await;
    }
    context.fail(why_refused(take, error), Some(NameFate::Free)).await
}

/// The first request was refused because of a snapshot, and that snapshot is ours.
async fn carried_out(context: &Context, take: &Take, intent: &Intent) -> bool {
    let look = take.find();
    match context.call("look_refused", look).await {
        Ok(Some(found)) => is_ours(context, take, intent, &found),
        Ok(None) | Err(_) => false,
    }
}

/// A request was refused that was sent before: the engine's listing says whether the first one had been carried out.
async fn settle_after_second(
    context: &mut Context,
    take: &Take,
    intent: Intent,
    error: &Error,
) -> StepResult {
    match context.call("look_refused", take.find()).await {
        Ok(Some(found)) if is_ours(context, take, &intent, &found) => {
            accepted(
                context,
                take,
                intent.seen(found.uuid),
                "the first request had been carried out",
            )
            .await
        }
        // Somebody else's snapshot, or too much at once: it may yet be that the first request arrives.
        Ok(_) if error.is_concurrent_snapshot() || error.is_transient() => {
            context.wait(retry::FIRST, Step::default()).await
        }
        Ok(_) => {
            context
                .fail(why_refused(take, error), Some(NameFate::Burned))
                .await
        }
        Err(_) => Ok(Flow::Again),
    }
}

fn why_refused(take: &Take, error: &Error) -> Failure {
    if error.is_name_taken() {
        let message = format!(
            "the snapshot {:?} exists in {}: {error}",
            take.name(),
            take.repository()
        );
        return Failure::new(FailureKind::NameConflict, message);
    }
    registration::refused(error)
}

/// Sent, and the answer lost. Neither success nor failure: the name is burned, and the engine is looked at.
async fn unknown(context: &mut Context, take: &Take, intent: Intent, error: &Error) -> StepResult {
    let mut step = advance(
        &TakeState::Creating(intent.clone()),
        "answer_lost",
        error.to_string(),
    );
    step.name = Some(NameFate::Burned);
    // A request that is still on its way gets a moment to arrive before its absence means anything.
    if intent.sent >= MOST_SENT || error.is_timeout() {
        return context.wait(Duration::from_secs(3), step).await;
    }
    context.wait(retry::FIRST, step).await.inspect(|_| {
        tracing::info!(
            snapshot = take.name(),
            "the answer was lost; the engine is asked by name"
        );
    })
}

async fn lost(context: &mut Context, take: &Take) -> StepResult {
    let message = format!(
        "the request was sent, its answer was lost, and {} has no snapshot {:?}. It is not sent again; if it appears \
         later it will be reported",
        take.repository(),
        take.name()
    );
    let cause = watch::cause(context, take).await;
    context
        .fail(
            Failure::new(FailureKind::OutcomeUnknown, message + &cause),
            Some(NameFate::Burned),
        )
        .await
}

/// Ours by the operation's id in its metadata; where the engine drops that, by having begun after our first intent.
fn is_ours(context: &Context, take: &Take, intent: &Intent, found: &SnapshotInfo) -> bool {
    let keeps = super::super::engines::dialect(&take.cluster).is_none_or(|dialect| dialect.keeps_metadata());
    if keeps {
        return looks::operation_of(found).is_some_and(|id| id == context.operation.id);
    }
    let earliest = intent.at - CLOCK_SKEW;
    found
        .start_time_ms
        .is_none_or(|began| began >= earliest.as_millisecond())
}

/// What goes into the snapshot: one key, below the engines' limit of 1,024 bytes. (`policy` belongs to SLM.)
fn metadata(operation: &str) -> serde_json::Map<String, serde_json::Value> {
    let mut metadata = serde_json::Map::new();
    metadata.insert("tintype".to_owned(), json!({ "operation": operation }));
    metadata
}

/// The bug that `blind_retry` plants: sends again, under another name, without looking.
async fn blind_retry(context: &mut Context, take: &Take, intent: Intent) -> StepResult {
    let Ok(name) = format!("{}-again", take.name()).parse::<SnapshotName>() else {
        return Ok(Flow::Yield);
    };
    let mut parameters = take.parameters.clone();
    parameters.name = name;
    let again = Take {
        cluster: take.cluster.clone(),
        engine: take.engine.clone(),
        parameters,
    };
    send(context, &again, intent).await
}
