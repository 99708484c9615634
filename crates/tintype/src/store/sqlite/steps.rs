//! Committing a step, and asking an operation to stop.

use super::super::{Result, Step, StoreError};
use super::operations::{append_event, status_word};
use super::rows::{self, millis};
use super::webhooks::{Notice, notify};
use super::{Tx, changes, names, verifications};
use crate::model::{ChangeKind, Failure, OperationKind, Status, WebhookEvent};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row;

pub(super) async fn commit(tx: &mut Tx, id: &str, token: i64, step: &Step, now: Timestamp) -> Result<bool> {
    let now = millis(now);
    let ended = step.status.is_some_and(Status::is_terminal);
    let gives_back = ended || step.wait_until.is_some() || step.status == Some(Status::Queued);
    // A cancel that came after the lease was given has not been seen by its owner: it is not made to wait.
    let changed = sqlx::query(
        "UPDATE operations SET state = coalesce(?3, state), status = coalesce(?4, status), \
         answer = coalesce(answer, ?5), outcome = coalesce(?6, outcome), failure = coalesce(?7, failure), \
         attempts = coalesce(?8, attempts), updated_at = ?9, finished_at = CASE WHEN ?10 THEN ?9 END, \
         due_at = CASE WHEN ?11 IS NULL THEN due_at WHEN cancel_requested > cancel_seen THEN ?9 ELSE ?11 END, \
         lease_owner = CASE WHEN ?12 THEN NULL ELSE lease_owner END, \
         lease_until = CASE WHEN ?12 THEN NULL ELSE lease_until END \
         WHERE id = ?1 AND lease_token = ?2 AND lease_owner IS NOT NULL AND status IN ('queued', 'running') \
         RETURNING kind, cluster_id",
    )
    .bind(id)
    .bind(token)
    .bind(rows::optional_json(step.state.as_ref())?)
    .bind(status_word(step.status)?)
    .bind(rows::optional_json(step.answer.as_ref())?)
    .bind(rows::optional_json(step.outcome.as_ref())?)
    .bind(rows::optional_json(step.failure.as_ref())?)
    .bind(step.attempts)
    .bind(now)
    .bind(ended)
    .bind(step.wait_until.map(millis))
    .bind(gives_back)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(changed) = changed else {
        return Ok(false);
    };
    for (kind, message) in &step.events {
        append_event(tx, id, now, kind, message).await?;
    }
    if let Some(fate) = step.name {
        names::settle(tx, id, fate).await?;
    }
    let cluster: String = changed.try_get("cluster_id")?;
    let named = changes::Named {
        id,
        kind: rows::from_word(changed.try_get("kind")?)?,
        cluster: &cluster,
    };
    changes::of_step(tx, now, named, step).await?;
    if let Some(failure) = &step.failure {
        tell_failure(tx, now, named, failure).await?;
    }
    if let Some(outcome) = &step.outcome {
        tell_damage(tx, now, named, outcome).await?;
    }
    if ended && named.kind == OperationKind::TakeSnapshot {
        verifications::taken(tx, id).await?;
    }
    Ok(true)
}

/// A delivery that fails is told to nobody: it would be the next to fail.
async fn tell_failure(tx: &mut Tx, at: i64, operation: changes::Named<'_>, failure: &Failure) -> Result<()> {
    if operation.kind == OperationKind::DeliverWebhook {
        return Ok(());
    }
    let notice = Notice {
        event: WebhookEvent::OperationFailed,
        cluster: operation.cluster,
        at,
        data: json!({
            "operation": { "id": operation.id, "kind": operation.kind },
            "failure": changes::failure(failure),
        }),
    };
    notify(tx, notice).await
}

/// A verification that succeeded in finding what cannot be restored.
async fn tell_damage(tx: &mut Tx, at: i64, operation: changes::Named<'_>, outcome: &Value) -> Result<()> {
    let damaged = outcome["state"] == "in_part" || outcome["state"] == "not_restorable";
    if operation.kind != OperationKind::VerifyRepository || !damaged {
        return Ok(());
    }
    let members = [
        "repository",
        "state",
        "snapshots",
        "restorable",
        "errors",
        "notes",
    ];
    let told = members.map(|member| (member.to_owned(), outcome[member].clone()));
    let notice = Notice {
        event: WebhookEvent::VerificationDamage,
        cluster: operation.cluster,
        at,
        data: json!({ "operation": { "id": operation.id, "kind": operation.kind },
            "verification": serde_json::Map::from_iter(told) }),
    };
    notify(tx, notice).await
}

pub(super) async fn request_cancel(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let now = millis(now);
    let before: Option<(bool, String, String, String)> =
        sqlx::query_as("SELECT cancel_requested, status, kind, cluster_id FROM operations WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
    let (requested, status, kind, cluster) = before.ok_or(StoreError::NotFound("operation"))?;
    if rows::from_word::<Status>(&status)?.is_terminal() {
        return Ok(false);
    }
    if !requested {
        append_event(tx, id, now, "cancel_requested", "asked to stop").await?;
        let named = changes::Named {
            id,
            kind: rows::from_word(&kind)?,
            cluster: &cluster,
        };
        let document = json!({ "event": "cancel_requested", "message": "asked to stop" });
        changes::of_operation(tx, ChangeKind::OperationEvent, now, named, document).await?;
    }
    sqlx::query("UPDATE operations SET cancel_requested = 1, due_at = min(due_at, ?) WHERE id = ?")
        .bind(now)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(true)
}
