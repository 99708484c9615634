//! Success is read back, never assumed.

use super::super::looks::{self, Indices};
use super::super::progress;
use super::super::step::{Context, StepResult, backoff};
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
    let verdict = verdict(intent, found, after.as_ref());
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
async fn indices_after(context: &Context, take: &Take) -> Result<Option<Indices>, Stop> {
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

fn verdict(intent: &Intent, found: &SnapshotInfo, after: Option<&Indices>) -> Verdict {
    let held: BTreeSet<&str> = found.indices.iter().map(String::as_str).collect();
    let before: BTreeSet<&str> = intent.indices.iter().map(String::as_str).collect();
    let left_out: Vec<&str> = after
        .into_iter()
        .flat_map(|after| after.left_out.iter().map(String::as_str))
        .collect();
    let after: BTreeSet<&str> = match after {
        Some(after) => after.held.iter().map(String::as_str).collect(),
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
    note("closed, and left out by an engine of this version", left_out);
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

#[cfg(test)]
mod tests {
    use super::*;
    use tintype_engine::ShardFailure;

    fn intent(indices: &[&str]) -> Intent {
        let indices = indices.iter().map(|&name| name.to_owned()).collect();
        Intent {
            sent: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            indices,
            uuid: None,
        }
    }

    fn found(state: SnapshotState, indices: &[&str]) -> SnapshotInfo {
        SnapshotInfo {
            name: "s".to_owned(),
            uuid: "u".to_owned(),
            state,
            version: None,
            indices: indices.iter().map(|&name| name.to_owned()).collect(),
            data_streams: Vec::new(),
            start_time_ms: Some(1),
            end_time_ms: Some(2),
            total_shards: 1,
            successful_shards: 1,
            failed_shards: 0,
            failures: Vec::new(),
            reason: None,
            metadata: None,
            include_global_state: Some(true),
        }
    }

    fn names(names: &[&str]) -> Indices {
        Indices {
            held: names.iter().map(|&name| name.to_owned()).collect(),
            left_out: Vec::new(),
        }
    }

    fn kind(verdict: &Verdict) -> Option<FailureKind> {
        verdict.failure.as_ref().map(|failure| failure.kind)
    }

    #[test]
    fn success_with_every_index_is_good() {
        let after = names(&["a", "b"]);
        let verdict = verdict(
            &intent(&["a", "b"]),
            &found(SnapshotState::Success, &["a", "b"]),
            Some(&after),
        );
        assert_eq!((kind(&verdict), verdict.notes.len()), (None, 0));
    }

    #[test]
    fn an_index_that_was_there_all_the_time_and_is_not_in_it_is_not_good() {
        let held = found(SnapshotState::Success, &["a"]);
        let after = names(&["a", "b"]);
        let with_listing = verdict(&intent(&["a", "b"]), &held, Some(&after));
        assert_eq!(kind(&with_listing), Some(FailureKind::Incomplete));
        assert!(with_listing.failure.unwrap().message.ends_with(": b"));
        // Without the listing after, the one before decides.
        let without = verdict(&intent(&["a", "b"]), &held, None);
        assert_eq!(kind(&without), Some(FailureKind::Incomplete));
    }

    #[test]
    fn a_closed_index_that_the_engine_leaves_out_is_a_note() {
        let mut after = names(&["a"]);
        after.left_out = vec!["shut".to_owned()];
        let verdict = verdict(
            &intent(&["a"]),
            &found(SnapshotState::Success, &["a"]),
            Some(&after),
        );
        assert_eq!(kind(&verdict), None);
        assert!(
            matches!(&verdict.notes[..], [note] if note.starts_with("closed") && note.ends_with(": shut"))
        );
    }

    #[test]
    fn an_index_made_or_deleted_meanwhile_is_a_note() {
        let after = names(&["a", "new"]);
        let verdict = verdict(
            &intent(&["a", "old"]),
            &found(SnapshotState::Success, &["a"]),
            Some(&after),
        );
        assert_eq!(kind(&verdict), None);
        assert!(
            verdict
                .notes
                .iter()
                .any(|note| note.starts_with("deleted") && note.ends_with(": old"))
        );
        assert!(
            verdict
                .notes
                .iter()
                .any(|note| note.starts_with("made") && note.ends_with(": new"))
        );
    }

    #[test]
    fn what_the_engine_calls_success_with_a_failed_shard_or_nothing_in_it_is_not_good() {
        let mut lost = found(SnapshotState::Success, &["a"]);
        lost.failed_shards = 1;
        lost.failures = vec![ShardFailure {
            index: "a".to_owned(),
            shard: 0,
            reason: "no primary".to_owned(),
        }];
        let lost = verdict(&intent(&["a"]), &lost, None);
        assert_eq!(kind(&lost), Some(FailureKind::Incomplete));
        assert!(lost.failure.unwrap().message.contains("a[0]: no primary"));
        let empty = verdict(&intent(&[]), &found(SnapshotState::Success, &[]), None);
        assert_eq!(kind(&empty), Some(FailureKind::Empty));
        for state in [
            SnapshotState::Partial,
            SnapshotState::Failed,
            SnapshotState::Incompatible,
        ] {
            let bad = verdict(&intent(&["a"]), &found(state, &["a"]), None);
            assert_eq!(kind(&bad), Some(FailureKind::EngineFailed));
        }
    }
}
