//! Restoring indices of a snapshot on its own cluster, under names that do not exist yet.
//!
//! The target names identify the restore: they are looked at right before the intent, and after a lost answer an
//! index of a target's name that recovers from this snapshot is ours.

mod start;
mod watch;

use super::step::{Context, StepResult, advance};
use super::{job, looks, registration, retry};
use crate::model::restore::{RestoreParameters, RestoreState};
use crate::model::{Answer, Failure, FailureKind, Status};
use crate::store::Step;
use std::collections::BTreeMap;
use tintype_engine::{Error, Restore, ShardRecovery, SnapshotState};

/// Requests that may be sent for one set of targets.
const MOST_SENT: u32 = 2;

/// What every step of one restore works with.
type Job = job::Job<RestoreParameters>;

impl Job {
    fn repository(&self) -> &str {
        self.parameters.repository.as_str()
    }

    fn snapshot(&self) -> &str {
        self.parameters.snapshot.as_str()
    }

    fn targets(&self) -> Vec<String> {
        self.parameters.indices.values().cloned().collect()
    }
}

/// One step of a restore.
pub async fn step(context: &mut Context) -> StepResult {
    let state = match context.state::<RestoreState>() {
        Ok(state) => state,
        Err(failure) => return context.fail(failure, None).await,
    };
    let job = match Job::load(context).await? {
        Ok(job) => job,
        Err(failure) => return context.fail(failure, None).await,
    };
    match state {
        RestoreState::Preparing => prepare(context, &job).await,
        RestoreState::Restoring { sent } => resume(context, &job, sent).await,
        RestoreState::Watching => watch::watch(context, &job).await,
    }
}

async fn prepare(context: &mut Context, job: &Job) -> StepResult {
    if context.cancel_requested() {
        return context.end(Status::Cancelled, None, None, None).await;
    }
    if let Some(flow) = check_snapshot(context, job).await? {
        return Ok(flow);
    }
    let targets = job.targets();
    match context.call("look_targets", job.engine.existing(&targets)).await {
        Err(error) => return not_prepared(context, job, &error).await,
        Ok(existing) if !existing.is_empty() => {
            let message = format!(
                "these names exist on cluster {}: {}. A restore never writes onto what is there: rename the targets",
                job.cluster.id,
                existing.join(", ")
            );
            return context
                .fail(Failure::new(FailureKind::IndexConflict, message), None)
                .await;
        }
        Ok(_) => {}
    }
    send(context, job, 1).await
}

/// The snapshot must be there, be the one that was asked for, and be good.
async fn check_snapshot(
    context: &mut Context,
    job: &Job,
) -> Result<Option<super::step::Flow>, super::step::Stop> {
    let found = context
        .call(
            "look_snapshot",
            job.engine.snapshot(job.repository(), job.snapshot()),
        )
        .await;
    let problem = match found {
        Err(error) => return not_prepared(context, job, &error).await.map(Some),
        Ok(None) => format!("there is no snapshot {} in {}", job.snapshot(), job.repository()),
        Ok(Some(found))
            if job
                .parameters
                .uuid
                .as_ref()
                .is_some_and(|uuid| *uuid != found.uuid) =>
        {
            format!(
                "the snapshot {} was replaced by another one (uuid {})",
                job.snapshot(),
                found.uuid
            )
        }
        Ok(Some(found)) if found.state == SnapshotState::InProgress => {
            format!("the snapshot {} is still being taken", job.snapshot())
        }
        Ok(Some(found)) => match job
            .parameters
            .indices
            .keys()
            .find(|name| !found.indices.contains(name))
        {
            Some(name) => format!("the snapshot {} has no index {name}", job.snapshot()),
            None => return Ok(None),
        },
    };
    context
        .fail(Failure::new(FailureKind::SnapshotNotFound, problem), None)
        .await
        .map(Some)
}

/// Commits the intent, then sends the requests: one for each way of renaming, almost always one.
async fn send(context: &mut Context, job: &Job, sent: u32) -> StepResult {
    let message = format!(
        "restore {} indices of {}/{}, request {sent} of at most {MOST_SENT}",
        job.parameters.indices.len(),
        job.repository(),
        job.snapshot()
    );
    let mut step = advance(&RestoreState::Restoring { sent }, "intent", message);
    if sent == 1 {
        // A request that cannot be sent leads back to the looks: together they are tried only so often.
        step.attempts = None;
    }
    context.commit("intent", step).await?;
    let requests = match Restore::renaming(pairs(&job.parameters.indices)) {
        Ok(requests) => requests,
        Err(error) => {
            return context
                .fail(Failure::new(FailureKind::IndexConflict, error.to_string()), None)
                .await;
        }
    };
    let mut begun: Vec<String> = Vec::new();
    for request in requests {
        let targets: Vec<String> = request
            .indices
            .iter()
            .filter_map(|source| job.parameters.indices.get(source).cloned())
            .collect();
        // On a second round the first may have carried out some of the requests.
        match context.call("look_targets", job.engine.existing(&targets)).await {
            Ok(existing) if !existing.is_empty() => match foreign(context, job, &existing).await {
                None => continue,
                Some(conflict) => return context.fail(conflict, None).await,
            },
            Ok(_) => {}
            Err(error) => return look_later(context, &error).await,
        }
        let request = Restore {
            include_aliases: job.parameters.include_aliases,
            ..request
        };
        let call = job
            .engine
            .restore_snapshot(job.repository(), job.snapshot(), &request);
        match context.call("restore_snapshot", call).await {
            Ok(_) => begun.extend(targets),
            Err(error) if error.is_refused() && sent == 1 => {
                if recovering(context, job, &targets).await {
                    continue;
                }
                let mut failure = refused(&error);
                if !begun.is_empty() {
                    failure.message += &format!(". These were begun before, and go on: {}", begun.join(", "));
                }
                return context.fail(failure, None).await;
            }
            Err(error) if error.is_not_sent() && sent == 1 && begun.is_empty() => {
                return not_sent(context, job, &error).await;
            }
            Err(error) => return look_later(context, &error).await,
        }
    }
    accepted(context, job, "the engine accepted it").await
}

/// The state `Restoring` was found: the requests may have been sent. Looks whether the targets recover from the snapshot.
async fn resume(context: &mut Context, job: &Job, sent: u32) -> StepResult {
    let targets = job.targets();
    let existing = match context.call("look_targets", job.engine.existing(&targets)).await {
        Ok(existing) => existing,
        Err(error) if retry::within_patience(&error, context) => return look_later(context, &error).await,
        Err(error) => {
            let message =
                format!("the request was sent, its answer was lost, and the engine cannot be asked: {error}");
            return context
                .fail(Failure::new(FailureKind::OutcomeUnknown, message), None)
                .await;
        }
    };
    if let Some(conflict) = foreign(context, job, &existing).await {
        return context.fail(conflict, None).await;
    }
    if existing.len() == targets.len() {
        return accepted(context, job, "the engine has the targets").await;
    }
    if sent < MOST_SENT {
        return send(context, job, sent + 1).await;
    }
    if let Some(pause) = retry::settling(context.operation.attempts) {
        return context.wait(pause, Step::default()).await;
    }
    let message = format!(
        "the request was sent {sent} times, the answers were lost, and of {} targets {} are there. Nothing more is sent",
        targets.len(),
        existing.len()
    );
    context
        .fail(Failure::new(FailureKind::OutcomeUnknown, message), None)
        .await
}

async fn accepted(context: &mut Context, job: &Job, how: &str) -> StepResult {
    let mut step = advance(&RestoreState::Watching, "accepted", how);
    step.answer = Some(Answer::Accepted);
    context.commit("accepted", step).await?;
    watch::watch(context, job).await
}

async fn look_later(context: &mut Context, error: &Error) -> StepResult {
    let pause = retry::pause(error, context.operation.attempts, true).unwrap_or(retry::MOST);
    let step = Step {
        events: vec![("answer_lost", error.to_string())],
        ..Step::default()
    };
    context.wait(pause, step).await
}

/// Targets that do not come from our snapshot: made by somebody else after our look. An index whose recovery is not
/// listed (yet), or may not be read, says nothing against it.
async fn foreign(context: &Context, job: &Job, existing: &[String]) -> Option<Failure> {
    if existing.is_empty() {
        return None;
    }
    let shards = context
        .call("look_origin", job.engine.recovery(existing))
        .await
        .ok()?;
    let ours = |shard: &ShardRecovery| shard.source_snapshot.as_deref() == Some(job.snapshot());
    let names: Vec<&str> = existing
        .iter()
        .map(String::as_str)
        .filter(|name| {
            let primaries = || {
                shards
                    .iter()
                    .filter(|shard| shard.primary && shard.index == *name)
            };
            primaries().any(|shard| shard.kind.eq_ignore_ascii_case("empty_store")) && !primaries().any(ours)
        })
        .collect();
    (!names.is_empty()).then(|| {
        let message = format!(
            "made meanwhile by somebody else, and left alone: {}. Of the other targets, those that exist by now were \
             restored: {}",
            names.join(", "),
            existing.iter().filter(|name| !names.contains(&name.as_str())).cloned().collect::<Vec<_>>().join(", ")
        );
        Failure::new(FailureKind::IndexConflict, message)
    })
}

/// A request was refused although nothing of its targets was there right before; but they recover from our snapshot.
/// An engine repeats a request when its master changes, and so may what stands before it.
async fn recovering(context: &Context, job: &Job, targets: &[String]) -> bool {
    let Ok(shards) = context.call("look_refused", job.engine.recovery(targets)).await else {
        return false;
    };
    targets.iter().all(|target| {
        shards.iter().any(|shard| {
            shard.index == *target
                && shard.source_repository.as_deref() == Some(job.repository())
                && shard.source_snapshot.as_deref() == Some(job.snapshot())
        })
    })
}

/// Nothing has reached the engine: the looks are due again.
async fn not_sent(context: &mut Context, job: &Job, error: &Error) -> StepResult {
    match retry::pause(error, context.operation.attempts, false) {
        Some(pause) => {
            let mut step = advance(&RestoreState::Preparing, "not_sent", error.to_string());
            step.attempts = Some(context.operation.attempts + 1);
            context.wait(pause, step).await
        }
        None => context.fail(looks::failure(error, &job.cluster), None).await,
    }
}

async fn not_prepared(context: &mut Context, job: &Job, error: &Error) -> StepResult {
    match retry::pause(error, context.operation.attempts, false) {
        Some(pause) => context.wait(pause, Step::default()).await,
        None => context.fail(looks::failure(error, &job.cluster), None).await,
    }
}

/// Source and target, as the engine's client takes them.
fn pairs(indices: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    indices
        .iter()
        .map(|(source, target)| (source.as_str(), target.as_str()))
}

fn refused(error: &Error) -> Failure {
    if error
        .refusal()
        .is_some_and(|answer| answer.reason.contains("same name already exists"))
    {
        return Failure::new(FailureKind::IndexConflict, error.to_string());
    }
    if error.is_missing_snapshot() {
        return Failure::new(FailureKind::SnapshotNotFound, error.to_string());
    }
    registration::refused(error)
}
