//! Committing a step, and asking an operation to stop.

use super::super::{Result, Step, StoreError};
use super::operations::{append_event, status_word};
use super::rows::{self, millis};
use super::{Tx, names};
use crate::model::Status;
use jiff::Timestamp;

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
         WHERE id = ?1 AND lease_token = ?2 AND lease_owner IS NOT NULL AND status IN ('queued', 'running')",
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
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(false);
    }
    for (kind, message) in &step.events {
        append_event(tx, id, now, kind, message).await?;
    }
    if let Some(fate) = step.name {
        names::settle(tx, id, fate).await?;
    }
    Ok(true)
}

pub(super) async fn request_cancel(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let now = millis(now);
    let before: Option<(bool, String)> =
        sqlx::query_as("SELECT cancel_requested, status FROM operations WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
    let (requested, status) = before.ok_or(StoreError::NotFound("operation"))?;
    if rows::from_word::<Status>(&status)?.is_terminal() {
        return Ok(false);
    }
    if !requested {
        append_event(tx, id, now, "cancel_requested", "asked to stop").await?;
    }
    sqlx::query("UPDATE operations SET cancel_requested = 1, due_at = min(due_at, ?) WHERE id = ?")
        .bind(now)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(true)
}
