//! A snapshot that the engine accepted: followed until the engine says how it ended.

use super::super::step::{Context, StepResult, advance};
use super::super::{looks, progress, retry};
use super::{Take, cancel, judge};
use crate::model::take::{Intent, TakeOutcome, TakeState};
use crate::model::{AccessLevel, Failure, FailureKind, Status};
use crate::store::{NameFate, Step};
use std::time::Duration;
use tintype_engine::{Error, SnapshotInfo, SnapshotState};

/// The first pause between looks; small snapshots end within a few of them.
const SOON: Duration = Duration::from_millis(40);
/// The longest pause between looks: progress is told at least this often.
const AT_LEAST: Duration = Duration::from_secs(1);
/// A snapshot must be missing this often in a row, a second apart, before it counts as gone: between the cluster
/// state and the repository's root there is a moment in which neither shows it.
const MISSING_LOOKS: u32 = 3;

/// Failed looks in a row before the lease is given back for a while.
const LOOKS_AT_ONCE: u32 = 5;

/// What a look at the snapshot found.
pub enum Seen {
    /// Still running, under our uuid.
    Running(Box<SnapshotInfo>),
    /// Ended, well or not.
    Ended(Box<SnapshotInfo>),
    /// Not there, or another one under our name.
    Gone(String),
    /// The engine could not be asked, several times in a row: the place is given to another operation meanwhile.
    Silent,
    /// The engine could not be asked, for longer than is worth waiting.
    Unasked(Error),
}

/// Watches until the snapshot has ended, is gone, or is to be cancelled.
pub async fn watch(context: &mut Context, take: &Take, mut intent: Intent) -> StepResult {
    let mut meter = progress::Meter::default();
    let mut pause = SOON;
    loop {
        match look(context, take, &intent).await? {
            Seen::Running(found) => {
                if intent.uuid.is_none() {
                    intent.uuid = Some(found.uuid);
                }
                if context.cancel_requested() {
                    return cancel::begin(context, take, intent).await;
                }
                if pause > SOON {
                    follow(context, take, &mut meter).await;
                }
            }
            Seen::Ended(found) => return judge::judge(context, take, &intent, &found).await,
            Seen::Gone(how) => return vanished(context, take, &intent, &how).await,
            Seen::Silent => return context.wait(retry::MOST, Step::default()).await,
            Seen::Unasked(error) => return unasked(context, take, &error).await,
        }
        context.sleep(pause).await?;
        pause = (pause * 2).min(AT_LEAST);
    }
}

/// One look by exact name, repeated while the engine cannot be asked or shows nothing.
pub async fn look(
    context: &mut Context,
    take: &Take,
    intent: &Intent,
) -> Result<Seen, super::super::step::Stop> {
    let mut missing = 0;
    let mut failed = 0;
    loop {
        let look = take.find();
        let mut seen = context.call("look_running", look).await;
        if matches!(seen, Ok(None)) && missing + 1 >= MISSING_LOOKS {
            let pinned = context.call("look_uuid", looks::pinned_answers(&take.engine, &take.cluster));
            seen = pinned.await.map(|()| None);
        }
        match seen {
            Ok(Some(found)) if intent.uuid.as_ref().is_some_and(|uuid| *uuid != found.uuid) => {
                return Ok(Seen::Gone(format!(
                    "another snapshot (uuid {}) has its name",
                    found.uuid
                )));
            }
            Ok(Some(found)) if found.state == SnapshotState::InProgress => {
                return Ok(Seen::Running(Box::new(found)));
            }
            Ok(Some(found)) => return Ok(Seen::Ended(Box::new(found))),
            Ok(None) => {
                missing += 1;
                if missing >= MISSING_LOOKS {
                    return Ok(Seen::Gone("the engine does not have it".to_owned()));
                }
                context.sleep(retry::FIRST).await?;
            }
            Err(error) if failed < LOOKS_AT_ONCE => {
                if failed == 0 {
                    let event = ("engine_silent", error.to_string());
                    context
                        .commit(
                            "silent",
                            Step {
                                events: vec![event],
                                ..Step::default()
                            },
                        )
                        .await?;
                }
                context
                    .sleep(super::super::step::backoff(failed, retry::FIRST, retry::MOST))
                    .await?;
                failed += 1;
            }
            Err(error) if retry::worth_asking(context.operation.attempts) => {
                tracing::debug!(%error, "the engine is silent");
                return Ok(Seen::Silent);
            }
            Err(error) => return Ok(Seen::Unasked(error)),
        }
    }
}

/// Progress is for people: when it cannot be read, the watch goes on without.
async fn follow(context: &Context, take: &Take, meter: &mut progress::Meter) {
    match context
        .call(
            "look_progress",
            take.engine.snapshot_status(take.repository(), take.name()),
        )
        .await
    {
        Ok(Some(status)) => {
            let progress = meter.read(&status, context.now());
            context
                .operations
                .live()
                .set_progress(&context.operation.id, progress);
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "no progress could be read"),
    }
}

/// It was accepted or seen, and is gone: failed, and never sent again.
pub async fn vanished(context: &mut Context, take: &Take, intent: &Intent, how: &str) -> StepResult {
    let message = format!(
        "{}/{} was accepted and is gone ({how}). On a full or read-only location an engine accepts a snapshot and \
         drops it a moment later{}",
        take.repository(),
        take.name(),
        cause(context, take).await
    );
    let outcome = TakeOutcome {
        name: take.name().to_owned(),
        repository: take.repository().to_owned(),
        uuid: intent.uuid.clone(),
        state: None,
        good: false,
        indices: Vec::new(),
        shards_total: 0,
        shards_failed: 0,
        start_time: None,
        end_time: None,
        notes: vec![how.to_owned()],
    };
    let failure = Failure::new(FailureKind::Vanished, message);
    context
        .end(
            Status::Failed,
            Some(serde_json::json!(outcome)),
            Some(failure),
            Some(NameFate::Burned),
        )
        .await
}

/// Why the storage did not keep it, in the engine's own words: asked of `_verify`, which writes to every node's view
/// of the repository and so needs the level `operate`.
pub async fn cause(context: &Context, take: &Take) -> String {
    if take.cluster.access < AccessLevel::Operate {
        return ". The cause could not be asked of the engine: verifying a repository needs access operate"
            .to_owned();
    }
    match context
        .call("verify_cause", take.engine.verify_repository(take.repository()))
        .await
    {
        Ok(_) => ". The engine can reach and write the storage now".to_owned(),
        Err(error) => format!(". Asked to verify the repository: {error}"),
    }
}

pub async fn unasked(context: &mut Context, take: &Take, error: &Error) -> StepResult {
    let failure = looks::failure(error, &take.cluster);
    let message = format!(
        "the engine accepted {}/{} and could not be asked since: {}. The snapshot may be running or done; look at the \
         engine",
        take.repository(),
        take.name(),
        failure.message
    );
    context
        .fail(
            Failure::new(FailureKind::OutcomeUnknown, message),
            Some(NameFate::Burned),
        )
        .await
}

/// Back from a cancel that came too late.
pub async fn watch_again(context: &mut Context, intent: Intent, why: &str) -> StepResult {
    context
        .commit(
            "watch_again",
            advance(&TakeState::Watching(intent), "not_cancelled", why),
        )
        .await?;
    Ok(super::super::step::Flow::Again)
}
