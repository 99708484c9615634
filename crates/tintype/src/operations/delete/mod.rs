//! Deleting a snapshot that Tintype made.
//!
//! The engines delete by name, so what counts is the look right before: exactly this name has exactly the uuid that
//! the operation which made it recorded. A name is never used twice by Tintype, so a request that is sent again, or
//! arrives late, finds this snapshot or none; another one can only be somebody else's, made meanwhile.

mod checks;
mod start;

use super::step::{Context, Flow, StepResult, advance};
use super::{failpoint, job, looks, registration, retry};
use crate::model::delete::{DeleteOutcome, DeleteParameters, DeleteState, Intent};
use crate::model::{Answer, Failure, FailureKind, Status};
use crate::store::Step;
use std::time::{Duration, Instant};
use tintype_engine::{Error, SnapshotInfo};

/// How old the looks may be when the DELETE is written. An owner that was paused in between looks again.
const FRESH: Duration = Duration::from_secs(2);
/// Requests whose answer was lost and that left the snapshot where it was.
const MOST_SENT: u32 = 5;

/// What every step of one delete works with.
type Job = job::Job<DeleteParameters>;

impl Job {
    fn repository(&self) -> &str {
        self.parameters.repository.as_str()
    }

    fn snapshot(&self) -> &str {
        self.parameters.snapshot.as_str()
    }

    /// The snapshot of exactly our name, whoever made it.
    async fn find(&self) -> Result<Option<SnapshotInfo>, Error> {
        self.engine.snapshot(self.repository(), self.snapshot()).await
    }
}

/// One step of a delete.
pub async fn step(context: &mut Context) -> StepResult {
    let state = match context.state::<DeleteState>() {
        Ok(state) => state,
        Err(failure) => return context.fail(failure, None).await,
    };
    let job = match Job::load(context).await? {
        Ok(job) => job,
        Err(failure) => return context.fail(failure, None).await,
    };
    match state {
        DeleteState::Preparing => prepare(context, &job).await,
        DeleteState::Deleting(intent) => resume(context, &job, intent).await,
    }
}

async fn prepare(context: &mut Context, job: &Job) -> StepResult {
    if context.cancel_requested() {
        return context.end(Status::Cancelled, None, None, None).await;
    }
    let looked = Instant::now();
    match checks::may_delete(context, job).await? {
        Ok(Ok(registration)) => {
            let intent = Intent {
                sent: 1,
                registration,
                words: None,
            };
            send(context, job, intent, looked).await
        }
        Ok(Err(failure)) => context.fail(failure, None).await,
        Err(error) => match retry::pause(&error, context.operation.attempts, false) {
            Some(pause) => context.wait(pause, Step::default()).await,
            None => context.fail(looks::failure(&error, &job.cluster), None).await,
        },
    }
}

/// Commits the intent, then sends the request, if the looks are still fresh.
async fn send(context: &mut Context, job: &Job, mut intent: Intent, looked: Instant) -> StepResult {
    let message = format!(
        "delete {}/{} (uuid {}), request {} of at most {MOST_SENT}",
        job.repository(),
        job.snapshot(),
        job.parameters.uuid,
        intent.sent
    );
    let mut step = advance(&DeleteState::Deleting(intent.clone()), "intent", message);
    step.attempts = None;
    step.answer = Some(Answer::Accepted);
    context.commit("intent", step).await?;
    let call = job
        .engine
        .delete_snapshot(job.repository(), job.snapshot(), looked + FRESH);
    match context.call("delete_snapshot", call).await {
        Ok(()) => Ok(Flow::Again),
        Err(error) if error.is_missing_snapshot() => Ok(Flow::Again),
        Err(error) if error.is_not_sent() || (error.is_refused() && error.is_transient()) => {
            match retry::pause(&error, context.operation.attempts, true) {
                Some(pause) => not_done(context, intent, ("not_done", error.to_string()), pause).await,
                None => context.fail(looks::failure(&error, &job.cluster), None).await,
            }
        }
        Err(error) if error.is_refused() => {
            // An engine that fails on its way may have deleted it all the same: what is there decides.
            intent.words = Some(error.to_string());
            let state = DeleteState::Deleting(intent);
            context
                .commit("refused", advance(&state, "refused", error.to_string()))
                .await?;
            Ok(Flow::Again)
        }
        Err(error) => {
            let step = Step {
                events: vec![("answer_lost", error.to_string())],
                ..Step::default()
            };
            context.wait(retry::FIRST, step).await
        }
    }
}

/// Nothing of the request was carried out: it is not counted, and the looks are due again.
async fn not_done(
    context: &mut Context,
    mut intent: Intent,
    event: (&'static str, String),
    pause: Duration,
) -> StepResult {
    intent.sent -= 1;
    let mut step = advance(&DeleteState::Deleting(intent), event.0, event.1);
    step.attempts = Some(context.operation.attempts + 1);
    context.wait(pause, step).await
}

/// The state `Deleting` was found: the request may have been carried out. Looks by exact name and decides from that.
async fn resume(context: &mut Context, job: &Job, intent: Intent) -> StepResult {
    let looked = Instant::now();
    if failpoint::planted("blind_delete") {
        let again = again(intent);
        send(context, job, again, looked).await?;
        return context.end(Status::Succeeded, None, None, None).await;
    }
    match context.call("look_deleted", job.find()).await {
        Ok(None) => gone(context, job, intent).await,
        Ok(Some(found)) if found.uuid != job.parameters.uuid => {
            let message = format!(
                "{}/{} with uuid {} is gone, and somebody made another snapshot under its name meanwhile (uuid {}), \
                 which is left alone. Nothing more is sent",
                job.repository(),
                job.snapshot(),
                job.parameters.uuid,
                found.uuid
            );
            context
                .fail(Failure::new(FailureKind::NotOurs, message), None)
                .await
        }
        Ok(Some(_)) => still_there(context, job, intent, looked).await,
        Err(error) => unasked(context, job, &error).await,
    }
}

/// Our snapshot is there. It is asked for again, unless the engine is at it, has said no, or was asked often enough.
async fn still_there(context: &mut Context, job: &Job, intent: Intent, looked: Instant) -> StepResult {
    if let Some(words) = intent.words {
        return context
            .fail(Failure::new(FailureKind::EngineRefused, words), None)
            .await;
    }
    match context.call("look_uses", job.engine.snapshot_uses()).await {
        Ok(uses) if checks::is_deleting(&uses, job) => {
            return context.wait(retry::MOST / 6, Step::default()).await;
        }
        Ok(_) => {}
        Err(error) => return unasked(context, job, &error).await,
    }
    if intent.sent >= MOST_SENT {
        let message = format!(
            "the engine was asked {} times to delete {}/{}, its answers were lost, and the snapshot is still there. \
             Nothing more is sent; a request may still be carried out late",
            intent.sent,
            job.repository(),
            job.snapshot()
        );
        return context
            .fail(Failure::new(FailureKind::OutcomeUnknown, message), None)
            .await;
    }
    match checks::may_delete(context, job).await? {
        Ok(Ok(registration)) if registration == intent.registration => {
            send(context, job, again(intent), looked).await
        }
        Ok(Ok(registration)) => moved(context, job, &intent, &registration).await,
        Ok(Err(mut failure)) => {
            failure.message += ". A request that was sent before may still be carried out";
            context.fail(failure, None).await
        }
        Err(error) => unasked(context, job, &error).await,
    }
}

fn again(intent: Intent) -> Intent {
    Intent {
        sent: intent.sent + 1,
        ..intent
    }
}

/// The engine does not have it. That counts only of the pinned cluster, and of the storage that was looked at before.
async fn gone(context: &mut Context, job: &Job, intent: Intent) -> StepResult {
    let asked = async {
        looks::pinned_answers(&job.engine, &job.cluster).await?;
        job.engine.repository(job.repository()).await
    };
    match context.call("look_gone", asked).await {
        Ok(Some(found)) if checks::place(&found) == intent.registration => {}
        Ok(found) => {
            let place = found.map_or_else(|| "nowhere".to_owned(), |found| checks::place(&found));
            return moved(context, job, &intent, &place).await;
        }
        Err(error) => return unasked(context, job, &error).await,
    }
    let outcome = DeleteOutcome {
        repository: job.repository().to_owned(),
        name: job.snapshot().to_owned(),
        uuid: job.parameters.uuid.clone(),
        notes: intent.words.into_iter().collect(),
    };
    context
        .end(Status::Succeeded, Some(serde_json::json!(outcome)), None, None)
        .await
}

async fn moved(context: &mut Context, job: &Job, intent: &Intent, place: &str) -> StepResult {
    let message = format!(
        "the registration {} pointed to {} when the delete was begun, and points to {place} now, so what became of the \
         snapshot cannot be seen. Nothing more is sent",
        job.repository(),
        intent.registration
    );
    context
        .fail(Failure::new(FailureKind::OutcomeUnknown, message), None)
        .await
}

/// The engine cannot be asked: for a while it is asked again.
async fn unasked(context: &mut Context, job: &Job, error: &Error) -> StepResult {
    if !error.is_missing_repository() && retry::within_patience(error, context) {
        let pause = retry::pause(error, context.operation.attempts, true).unwrap_or(retry::MOST);
        return context.wait(pause, Step::default()).await;
    }
    let message = format!(
        "the engine may have been asked to delete {}/{}, and does not show what happened: {}",
        job.repository(),
        job.snapshot(),
        registration::refused(error).message
    );
    context
        .fail(Failure::new(FailureKind::OutcomeUnknown, message), None)
        .await
}
