//! Cancelling. The engines have no abort: a DELETE aborts a running snapshot and deletes a finished one.
//!
//! So it is sent only if the look just before said IN_PROGRESS with unfinished shards. Between that look and the
//! DELETE a snapshot may still finish; that window is the engine's and is documented in `docs/operations.md`.

use super::super::registration;
use super::super::retry;
use super::super::step::{Context, Flow, StepResult, advance};
use super::watch::{self, Seen};
use super::{Take, judge};
use crate::model::Status;
use crate::model::take::{Intent, TakeState};
use crate::store::{NameFate, Step};
use std::time::{Duration, Instant};
use tintype_engine::SnapshotInfo;

/// How old the look may be when the DELETE is written. An owner that was paused in between, or whose engine was slow to
/// tell its uuid, looks again.
const FRESH: Duration = Duration::from_secs(2);

/// Commits the intent to abort a running snapshot.
pub async fn begin(context: &mut Context, take: &Take, intent: Intent) -> StepResult {
    let message = format!(
        "abort {}/{} if it is still running",
        take.repository(),
        take.name()
    );
    context
        .commit(
            "cancel_intent",
            advance(&TakeState::Cancelling(intent), "cancel_intent", message),
        )
        .await?;
    Ok(Flow::Again)
}

/// Looks, and only if it is still running with unfinished shards sends the DELETE; then tells what is there.
pub async fn abort(context: &mut Context, take: &Take, mut intent: Intent) -> StepResult {
    match watch::look(context, take, &intent).await? {
        Seen::Running(found) => intent.uuid = Some(found.uuid),
        Seen::Ended(found) => return ended(context, take, &intent, &found).await,
        Seen::Gone(_) => return cancelled(context, take).await,
        Seen::Silent => return context.wait(retry::MOST, Step::default()).await,
        Seen::Unasked(error) => return watch::unasked(context, take, &error).await,
    }
    let looked = Instant::now();
    // With every shard done a DELETE could delete a good snapshot: it ends by itself.
    if !unfinished(context, take).await {
        return look_again(context).await;
    }
    let delete = take
        .engine
        .delete_snapshot(take.repository(), take.name(), looked + FRESH);
    match context.call("delete_snapshot", delete).await {
        Ok(()) => {}
        Err(error) if error.is_missing_snapshot() => {}
        Err(error) if (error.is_refused() || error.is_not_sent()) && error.is_transient() => {
            return look_again(context).await;
        }
        Err(error) if error.is_refused() || error.is_not_sent() => {
            // Asking the engine again would bring the same answer: not before somebody cancels again.
            context.drop_cancel();
            let why = registration::refused(&error).message;
            return watch::watch_again(context, intent, &why).await;
        }
        Err(error) => {
            let step = Step {
                events: vec![("answer_lost", error.to_string())],
                ..Step::default()
            };
            context.commit("delete_lost", step).await?;
        }
    }
    match watch::look(context, take, &intent).await? {
        Seen::Gone(_) => cancelled(context, take).await,
        Seen::Ended(found) => ended(context, take, &intent, &found).await,
        Seen::Running(_) | Seen::Silent | Seen::Unasked(_) => look_again(context).await,
    }
}

/// In a moment. The attempts count only the looks that found it aborted and not yet deleted.
async fn look_again(context: &mut Context) -> StepResult {
    let step = Step {
        attempts: Some(context.operation.attempts),
        ..Step::default()
    };
    context.wait(retry::FIRST, step).await
}

/// An engine first ends what it aborts, as FAILED, and then deletes it: in between, nothing is decided.
async fn ended(context: &mut Context, take: &Take, intent: &Intent, found: &SnapshotInfo) -> StepResult {
    let aborted = |reason: &String| reason.contains("aborted by deletion");
    if found.reason.as_ref().is_some_and(aborted)
        && let Some(pause) = retry::settling(context.operation.attempts)
    {
        return context.wait(pause, Step::default()).await;
    }
    judge::judge(context, take, intent, found).await
}

async fn cancelled(context: &mut Context, take: &Take) -> StepResult {
    tracing::info!(
        snapshot = take.name(),
        "aborted; the engine does not have it any more"
    );
    context
        .end(Status::Cancelled, None, None, Some(NameFate::Burned))
        .await
}

/// The engine reports shards that are not done, or does not know them yet. When it cannot be asked: no.
async fn unfinished(context: &Context, take: &Take) -> bool {
    match context
        .call(
            "look_unfinished",
            take.engine.snapshot_status(take.repository(), take.name()),
        )
        .await
    {
        Ok(Some(status)) => status.is_preparing() || status.open_shards() > 0,
        Ok(None) | Err(_) => false,
    }
}
