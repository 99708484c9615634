//! Success is read back, never assumed.

use super::super::step::{Context, StepResult, backoff};
use super::super::{looks, progress};
use super::super::{retry, step::Stop};
use super::Take;
use crate::model::take::{Intent, TakeOutcome};
use crate::model::{Failure, FailureKind, Status};
use crate::store::NameFate;
use std::collections::BTreeSet;
use tintype_engine::{SnapshotInfo, SnapshotState};

/// Decides whether an ended snapshot is good, and ends the operation.
pub async fn judge(context: &mut Context, take: &Take, intent: &Intent, found: &SnapshotInfo) -> StepResult {
    let after = indices_after(context, take).await?;
    let verdict = verdict(intent, found, after.as_deref());
    let outcome = TakeOutcome {
        name: found.name.clone(),
        repository: take.repository().to_owned(),
        uuid: Some(found.uuid.clone()),
        state: Some(found.state.to_string()),
        good: verdict.failure.is_none(),
        indices: found.indices.clone(),
        shards_total: progress::count(found.total_shards),
        shards_failed: progress::count(found.failed_shards),
        start_time: looks::timestamp(found.start_time_ms),
        end_time: looks::timestamp(found.end_time_ms),
        notes: verdict.notes,
    };
    let status = if verdict.failure.is_none() {
        Status::Succeeded
    } else {
        Status::Failed
    };
    let outcome = Some(serde_json::json!(outcome));
    context
        .end(status, outcome, verdict.failure, Some(NameFate::Burned))
        .await
}

/// The listing after; `None` when the engine fell silent, and then only the listing before can be held against it.
async fn indices_after(context: &Context, take: &Take) -> Result<Option<Vec<String>>, Stop> {
    for attempt in 0..5 {
        match context
            .call("look_indices_after", looks::indices(&take.engine, &take.cluster))
            .await
        {
            Ok(indices) => return Ok(Some(indices)),
            Err(error) => tracing::warn!(%error, "the indices could not be listed after the snapshot"),
        }
        context.sleep(backoff(attempt, retry::FIRST, retry::MOST)).await?;
    }
    Ok(None)
}

struct Verdict {
    failure: Option<Failure>,
    notes: Vec<String>,
}

fn verdict(intent: &Intent, found: &SnapshotInfo, after: Option<&[String]>) -> Verdict {
    let held: BTreeSet<&str> = found.indices.iter().map(String::as_str).collect();
    let before: BTreeSet<&str> = intent.indices.iter().map(String::as_str).collect();
    let after: BTreeSet<&str> = match after {
        Some(after) => after.iter().map(String::as_str).collect(),
        None => before.clone(),
    };
    let mut notes = Vec::new();
    let mut note = |what: &str, names: Vec<&str>| {
        if !names.is_empty() {
            notes.push(format!("{what}: {}", few(&names)));
        }
    };
    note(
        "deleted while it ran, and not in it",
        before
            .difference(&after)
            .copied()
            .filter(|n| !held.contains(n))
            .collect(),
    );
    note(
        "made while it ran, and not in it",
        after
            .difference(&before)
            .copied()
            .filter(|n| !held.contains(n))
            .collect(),
    );
    let missing: Vec<&str> = before
        .intersection(&after)
        .copied()
        .filter(|name| !held.contains(name))
        .collect();
    let failure = if found.state != SnapshotState::Success {
        let why = failures(found);
        Some(Failure::new(
            FailureKind::EngineFailed,
            format!("the engine ended it as {}{why}", found.state),
        ))
    } else if found.failed_shards > 0 || !found.failures.is_empty() {
        Some(Failure::new(
            FailureKind::Incomplete,
            format!(
                "the engine says SUCCESS, and {} shards failed{}",
                found.failed_shards,
                failures(found)
            ),
        ))
    } else if held.is_empty() {
        Some(Failure::new(
            FailureKind::Empty,
            "the engine says SUCCESS, and there is no index in it",
        ))
    } else if !missing.is_empty() {
        let message = format!(
            "the engine says SUCCESS, and indices are not in it: {}",
            few(&missing)
        );
        Some(Failure::new(FailureKind::Incomplete, message))
    } else {
        None
    };
    Verdict { failure, notes }
}

fn failures(found: &SnapshotInfo) -> String {
    let lines: Vec<String> = found
        .failures
        .iter()
        .take(3)
        .map(|failure| format!("{}[{}]: {}", failure.index, failure.shard, failure.reason))
        .chain(found.reason.clone())
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!(": {}", lines.join("; "))
    }
}

/// At most five names; a message is for people.
fn few(names: &[&str]) -> String {
    let shown = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 5 {
        format!("{shown} and {} more", names.len() - 5)
    } else {
        shown
    }
}
