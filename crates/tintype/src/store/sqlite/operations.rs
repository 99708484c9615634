//! Starting operations and reading them.

use super::super::{Idempotency, NewOperation, OperationFilter, Result, Started, StoreError};
use super::rows::{self, from_json, from_word, millis, optional_time, time, to_word};
use super::{Tx, changes, clusters, names};
use crate::model::{ChangeKind, Event, Operation, Status};
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};
use std::collections::HashMap;

pub(super) async fn start(tx: &mut Tx, new: &NewOperation) -> Result<Started> {
    let now = millis(new.now);
    if let Some(key) = &new.idempotency
        && let Some(before) = replayed(tx, key, now).await?
    {
        return Ok(before);
    }
    if clusters::get(tx, &new.cluster_id).await?.is_none() {
        return Err(StoreError::NotFound("cluster"));
    }
    if let Some(key) = &new.reserve
        && let Some(taken) = names::holder(tx, key).await?
    {
        return Ok(taken);
    }
    let row = sqlx::query(
        "INSERT INTO operations (id, kind, cluster_id, requested_by, parameters, status, state, due_at, created_at, \
         updated_at) VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?) RETURNING *",
    )
    .bind(&new.id)
    .bind(new.kind.as_str())
    .bind(new.cluster_id.as_str())
    .bind(&new.requested_by)
    .bind(rows::to_json(&new.parameters)?)
    .bind(rows::to_json(&new.state)?)
    .bind(now)
    .bind(now)
    .bind(now)
    .fetch_one(&mut *tx)
    .await?;
    append_event(
        tx,
        &new.id,
        now,
        "queued",
        &format!("asked for by {}", new.requested_by),
    )
    .await?;
    let named = changes::Named {
        id: &new.id,
        kind: new.kind,
        cluster: new.cluster_id.as_str(),
    };
    let document = serde_json::json!({ "status": "queued", "requested_by": new.requested_by });
    changes::of_operation(tx, ChangeKind::OperationQueued, now, named, document).await?;
    if let Some(key) = &new.reserve {
        names::reserve(tx, key, &new.id).await?;
    }
    if let Some(key) = &new.idempotency {
        remember(tx, key, &new.id, now).await?;
    }
    Ok(Started::New(from_row(&row)?))
}

async fn replayed(tx: &mut Tx, key: &Idempotency, now: i64) -> Result<Option<Started>> {
    let query = sqlx::query(
        "SELECT body_mac, operation_id FROM idempotency_keys WHERE scope = ? AND key = ? AND expires_at > ?",
    );
    let Some(row) = query
        .bind(&key.scope)
        .bind(&key.key)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?
    else {
        return Ok(None);
    };
    if row.try_get::<&[u8], _>("body_mac")? != key.body_mac {
        return Ok(Some(Started::KeyReused));
    }
    let id: String = row.try_get("operation_id")?;
    let operation = get(tx, &id)
        .await?
        .ok_or_else(|| rows::unreadable("a key's operation is gone"))?;
    Ok(Some(Started::Replayed(operation)))
}

/// Remembers the key, and forgets those that have expired: a replay changes nothing.
async fn remember(tx: &mut Tx, key: &Idempotency, operation: &str, now: i64) -> Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE expires_at <= ?")
        .bind(now)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO idempotency_keys (scope, key, body_mac, operation_id, expires_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&key.scope)
    .bind(&key.key)
    .bind(key.body_mac.as_slice())
    .bind(operation)
    .bind(millis(key.expires_at))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn append_event(
    tx: &mut Tx,
    operation: &str,
    at: i64,
    kind: &str,
    message: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO events (operation_id, sequence, at, kind, message) \
         SELECT ?1, coalesce(max(sequence), 0) + 1, ?2, ?3, ?4 FROM events WHERE operation_id = ?1",
    )
    .bind(operation)
    .bind(at)
    .bind(kind)
    .bind(message)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn get(tx: &mut Tx, id: &str) -> Result<Option<Operation>> {
    let row = sqlx::query("SELECT * FROM operations WHERE id = ?")
        .bind(id)
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(from_row).transpose()
}

pub(super) async fn list(tx: &mut Tx, filter: &OperationFilter) -> Result<Vec<Operation>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM operations WHERE 1 = 1");
    if let Some(cluster) = &filter.cluster_id {
        query
            .push(" AND cluster_id = ")
            .push_bind(cluster.as_str().to_owned());
    }
    if let Some(before) = &filter.before {
        query.push(" AND id < ").push_bind(before.clone());
    }
    if !filter.kinds.is_empty() {
        one_of(&mut query, "kind", filter.kinds.iter().map(|kind| kind.as_str()));
    }
    if !filter.statuses.is_empty() {
        one_of(
            &mut query,
            "status",
            filter.statuses.iter().map(|status| status.as_str()),
        );
    }
    query
        .push(" ORDER BY id DESC LIMIT ")
        .push_bind(i64::from(filter.limit.clamp(1, 1000)));
    query.build().fetch_all(tx).await?.iter().map(from_row).collect()
}

fn one_of(query: &mut QueryBuilder<Sqlite>, column: &str, words: impl Iterator<Item = &'static str>) {
    query.push(" AND ").push(column).push(" IN (");
    let mut list = query.separated(", ");
    for word in words {
        list.push_bind(word);
    }
    query.push(")");
}

pub(super) async fn queue_positions(tx: &mut Tx, ids: &[&str]) -> Result<HashMap<String, u64>> {
    let found = sqlx::query(
        "WITH queue AS (SELECT id, row_number() OVER (PARTITION BY \
         CASE WHEN kind IN ('deliver_webhook', 'verify_repository') THEN kind END ORDER BY id) - 1 AS ahead \
         FROM operations WHERE status = 'queued') \
         SELECT id, ahead FROM queue WHERE id IN (SELECT value FROM json_each(?))",
    )
    .bind(rows::to_json(&ids)?)
    .fetch_all(tx)
    .await?;
    found
        .iter()
        .map(|row| Ok((row.try_get("id")?, rows::count(row.try_get("ahead")?))))
        .collect()
}

pub(super) async fn events(tx: &mut Tx, operation: &str, after: i64, limit: u32) -> Result<Vec<Event>> {
    let found =
        sqlx::query("SELECT * FROM events WHERE operation_id = ? AND sequence > ? ORDER BY sequence LIMIT ?")
            .bind(operation)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(tx)
            .await?;
    let read = |row: &SqliteRow| {
        Ok(Event {
            sequence: row.try_get("sequence")?,
            at: time(row, "at")?,
            kind: row.try_get("kind")?,
            message: row.try_get("message")?,
        })
    };
    found.iter().map(read).collect()
}

pub(super) async fn counts(tx: &mut Tx) -> Result<HashMap<Status, u64>> {
    let found = sqlx::query("SELECT status, sum(number) AS number FROM operation_counts GROUP BY status")
        .fetch_all(tx)
        .await?;
    let mut counts: HashMap<_, _> = Status::ALL.into_iter().map(|status| (status, 0)).collect();
    for row in &found {
        counts.insert(
            from_word(row.try_get("status")?)?,
            rows::count(row.try_get("number")?),
        );
    }
    Ok(counts)
}

pub(super) fn from_row(row: &SqliteRow) -> Result<Operation> {
    Ok(Operation {
        id: row.try_get("id")?,
        kind: from_word(row.try_get("kind")?)?,
        cluster_id: rows::name(row.try_get("cluster_id")?)?,
        requested_by: row.try_get("requested_by")?,
        parameters: from_json(row.try_get("parameters")?)?,
        status: from_word(row.try_get("status")?)?,
        state: from_json(row.try_get("state")?)?,
        answer: optional(row, "answer")?,
        outcome: optional(row, "outcome")?,
        failure: optional(row, "failure")?,
        cancel_requested: row.try_get("cancel_requested")?,
        attempts: row.try_get("attempts")?,
        due_at: time(row, "due_at")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        finished_at: optional_time(row, "finished_at")?,
    })
}

fn optional<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<Option<T>> {
    row.try_get::<Option<&str>, _>(column)?.map(from_json).transpose()
}

/// The word that a status is stored as.
pub(super) fn status_word(status: Option<Status>) -> Result<Option<String>> {
    status.map(|status| to_word(&status)).transpose()
}
