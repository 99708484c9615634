//! A restore that the engine accepted: followed until every primary is there.

use super::super::progress::Meter;
use super::super::step::{Context, StepResult, backoff};
use super::super::{looks, retry};
use super::Job;
use crate::model::restore::RestoreOutcome;
use crate::model::{Failure, FailureKind, Status};
use crate::store::Step;
use std::collections::BTreeMap;
use std::time::Duration;
use tintype_engine::{IndexSummary, ShardRecovery};

/// Watches until the primaries are restored, or cannot be.
pub async fn watch(context: &mut Context, job: &Job) -> StepResult {
    let targets = job.targets();
    let mut meter = Meter::default();
    let mut pause = Duration::from_millis(100);
    let (mut failed, mut missing) = (0, 0);
    loop {
        match look(context, job, &targets).await {
            Err(error) if failed < 5 => {
                tracing::warn!(%error, "the restore could not be looked at");
                context.sleep(backoff(failed, retry::FIRST, retry::MOST)).await?;
                failed += 1;
                continue;
            }
            // The place is given to another operation meanwhile.
            Err(error) if retry::worth_asking(context.operation.attempts) => {
                tracing::debug!(%error, "the engine is silent");
                return context.wait(retry::MOST, Step::default()).await;
            }
            Err(error) => {
                let why = looks::failure(&error, &job.cluster).message;
                return context
                    .fail(Failure::new(FailureKind::OutcomeUnknown, why), None)
                    .await;
            }
            Ok(Looked {
                indices,
                shards,
                active,
            }) => {
                failed = 0;
                let gone: Vec<&String> = targets
                    .iter()
                    .filter(|name| !indices.contains_key(*name))
                    .collect();
                missing = if gone.is_empty() { 0 } else { missing + 1 };
                if missing >= 3 {
                    let message = format!("accepted, and these indices are gone: {gone:?}");
                    return context
                        .fail(Failure::new(FailureKind::Vanished, message), None)
                        .await;
                }
                let expected: u64 = indices.values().map(|index| index.primaries).sum();
                let done = match &shards {
                    None => !active && indices.values().all(has_primaries),
                    Some(shards) => {
                        let total = super::super::progress::count(expected);
                        let progress = meter.read_recovery(shards, total, context.now());
                        let done = u64::from(progress.shards.done) >= expected;
                        context
                            .operations
                            .live()
                            .set_progress(&context.operation.id, progress);
                        done
                    }
                };
                if done && gone.is_empty() {
                    return finish(context, job, shards.as_deref(), expected).await;
                }
                if let Some(message) = given_up(&indices, active, context) {
                    return context
                        .fail(Failure::new(FailureKind::EngineFailed, message), None)
                        .await;
                }
            }
        }
        context.sleep(pause).await?;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

struct Looked {
    indices: BTreeMap<String, IndexSummary>,
    /// The primaries' recoveries; `None` where the engine does not let us read them.
    shards: Option<Vec<ShardRecovery>>,
    /// Something is being recovered.
    active: bool,
}

async fn look(context: &Context, job: &Job, targets: &[String]) -> Result<Looked, tintype_engine::Error> {
    let indices = context.call("look_restored", job.engine.all_indices()).await?;
    let indices: BTreeMap<String, IndexSummary> = indices
        .into_iter()
        .filter(|index| targets.contains(&index.name))
        .map(|index| (index.name.clone(), index))
        .collect();
    let there: Vec<String> = indices.keys().cloned().collect();
    let shards = match context.call("look_recovery", job.engine.recovery(&there)).await {
        Ok(shards) => shards,
        // Recoveries need the privilege `monitor` on the indices; the cluster's list of running restores does not.
        Err(error) if error.is_auth() => {
            let uses = context.call("look_uses", job.engine.snapshot_uses()).await?;
            let ours = (job.repository().to_owned(), job.snapshot().to_owned());
            return Ok(Looked {
                indices,
                shards: None,
                active: uses.restoring.contains(&ours),
            });
        }
        Err(error) => return Err(error),
    };
    let ours: Vec<ShardRecovery> = shards
        .into_iter()
        .filter(|shard| {
            shard.primary
                && shard
                    .source_snapshot
                    .as_deref()
                    .is_none_or(|snapshot| snapshot == job.snapshot())
        })
        .collect();
    let active = ours.iter().any(|shard| !shard.stage.eq_ignore_ascii_case("done"));
    Ok(Looked {
        indices,
        shards: Some(ours),
        active,
    })
}

/// No primary is missing. While a restore runs this says nothing: an engine calls a primary that waits for its
/// snapshot yellow.
fn has_primaries(index: &IndexSummary) -> bool {
    index
        .health
        .is_some_and(|health| health != tintype_engine::HealthStatus::Red)
}

/// The engine stopped trying: after its allocation retries a primary stays away, and nothing recovers any more.
fn given_up(indices: &BTreeMap<String, IndexSummary>, active: bool, context: &Context) -> Option<String> {
    let red: Vec<&str> = indices
        .values()
        .filter(|index| {
            index
                .health
                .is_some_and(|health| health == tintype_engine::HealthStatus::Red)
        })
        .map(|index| index.name.as_str())
        .collect();
    let waited = context
        .now()
        .duration_since(context.operation.updated_at)
        .as_secs();
    (!red.is_empty() && !active && waited > 120).then(|| {
        format!(
            "the engine does not restore the primaries of: {}. Ask it why: GET _cluster/allocation/explain",
            red.join(", ")
        )
    })
}

async fn finish(
    context: &mut Context,
    job: &Job,
    shards: Option<&[ShardRecovery]>,
    primaries: u64,
) -> StepResult {
    let total = super::super::progress::count(primaries);
    let note = "the engine did not let us read recoveries (privilege monitor on the indices), so the bytes are not known";
    let outcome = RestoreOutcome {
        indices: job.parameters.indices.clone(),
        shards_done: total,
        shards_total: total,
        bytes: shards
            .unwrap_or_default()
            .iter()
            .map(|shard| shard.total.bytes)
            .sum(),
        notes: if shards.is_some() {
            Vec::new()
        } else {
            vec![note.to_owned()]
        },
    };
    context
        .end(Status::Succeeded, Some(serde_json::json!(outcome)), None, None)
        .await
}
