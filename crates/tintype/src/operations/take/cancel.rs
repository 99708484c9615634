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

/// How old the look may be when the DELETE is sent. An owner that was paused in between looks again.
const FRESH: Duration = Duration::from_secs(1);

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
        Seen::Ended(found) => return judge::judge(context, take, &intent, &found).await,
        Seen::Gone(_) => return cancelled(context, take).await,
        Seen::Unasked(error) => return watch::unasked(context, take, &error).await,
    }
    let looked = Instant::now();
    if !unfinished(context, take).await {
        context.sleep(retry::FIRST).await?;
        return watch::watch_again(
            context,
            intent,
            "every shard is done; deleting it now could delete a good snapshot",
        )
        .await;
    }
    if looked.elapsed() > FRESH {
        return context.wait(retry::FIRST, Step::default()).await;
    }
    match context
        .call(
            "delete_snapshot",
            take.engine.delete_snapshot(take.repository(), take.name()),
        )
        .await
    {
        Ok(()) => {}
        Err(error) if error.is_missing_snapshot() => {}
        Err(error) if (error.is_refused() || error.is_not_sent()) && error.is_transient() => {
            return context.wait(retry::FIRST, Step::default()).await;
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
        Seen::Ended(found) => judge::judge(context, take, &intent, &found).await,
        Seen::Running(_) | Seen::Unasked(_) => context.wait(retry::FIRST, Step::default()).await,
    }
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
