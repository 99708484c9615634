//! Who works on what: a lease with an owner, a token that only grows, and an expiry.

use super::super::webhooks::{DELIVERIES, DELIVERIES_PER_WEBHOOK};
use super::super::{LeaseLimits, Leased, Result};
use super::operations::{append_event, from_row};
use super::rows::{self, millis};
use super::{Tx, changes, rows::time_of};
use crate::model::{ChangeKind, ClusterId};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// A due operation that may get a lease.
struct Candidate {
    id: String,
    queued: bool,
}

pub(super) async fn lease(
    tx: &mut Tx,
    owner: &str,
    limits: &LeaseLimits,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Leased>> {
    let now = millis(now);
    let live: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM operations WHERE status IN ('queued', 'running') AND lease_until > ? \
         AND kind NOT IN ('deliver_webhook', 'verify_repository')",
    )
    .bind(now)
    .fetch_one(&mut *tx)
    .await?;
    let places = u64::from(limits.overall).saturating_sub(rows::count(live));
    let mut leased = Vec::new();
    let mut chosen = choose(tx, limits, now, places).await?;
    chosen.extend(choose_deliveries(tx, now).await?);
    chosen.extend(choose_verifications(tx, limits.verifications, now).await?);
    for candidate in chosen {
        leased.push(grant(tx, &candidate, owner, now, millis(until)).await?);
    }
    Ok(leased)
}

/// Running operations first, since they hold a place of their cluster already; then queued ones, oldest first, as long
/// as their cluster has a place. A queued one that was cancelled needs no place: it only has to end.
async fn choose(tx: &mut Tx, limits: &LeaseLimits, now: i64, places: u64) -> Result<Vec<Candidate>> {
    let mut chosen = Vec::new();
    if places == 0 {
        return Ok(chosen);
    }
    let mut running = running_by_cluster(tx).await?;
    let mut due = sqlx::query(
        "SELECT id, cluster_id, status = 'queued' AS queued, cancel_requested FROM operations \
         WHERE status IN ('queued', 'running') AND due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) \
         AND kind NOT IN ('deliver_webhook', 'verify_repository') ORDER BY status DESC, id",
    )
    .bind(now)
    .fetch(&mut *tx);
    while let Some(row) = due.try_next().await? {
        let cluster: String = row.try_get("cluster_id")?;
        let queued: bool = row.try_get("queued")?;
        if queued {
            let limit = *limits
                .exceptions
                .get(&rows::name::<ClusterId>(cluster.clone())?)
                .unwrap_or(&limits.per_cluster);
            let in_use = running.entry(cluster).or_insert(0);
            if *in_use >= u64::from(limit) && !row.try_get::<bool, _>("cancel_requested")? {
                continue;
            }
            *in_use += 1;
        }
        chosen.push(Candidate {
            id: row.try_get("id")?,
            queued,
        });
        if chosen.len() as u64 == places {
            break;
        }
    }
    Ok(chosen)
}

/// Deliveries that are due, the longest due first, a few to each webhook.
async fn choose_deliveries(tx: &mut Tx, now: i64) -> Result<Vec<Candidate>> {
    let open = "FROM operations WHERE kind = 'deliver_webhook' AND status IN ('queued', 'running')";
    let live = format!("SELECT parameters ->> 'webhook_id' AS webhook {open} AND lease_until > ?");
    let live: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(live))
        .bind(now)
        .fetch_all(&mut *tx)
        .await?;
    let mut places = DELIVERIES.saturating_sub(live.len() as u64);
    let mut in_use: HashMap<String, u64> = HashMap::new();
    for webhook in live {
        *in_use.entry(webhook).or_insert(0) += 1;
    }
    let mut chosen = Vec::new();
    let due = format!(
        "SELECT id, status = 'queued' AS queued, parameters ->> 'webhook_id' AS webhook {open} AND due_at <= ?1 \
         AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY due_at, id"
    );
    let mut due = sqlx::query(sqlx::AssertSqlSafe(due)).bind(now).fetch(&mut *tx);
    while places > 0
        && let Some(row) = due.try_next().await?
    {
        let in_use = in_use.entry(row.try_get("webhook")?).or_insert(0);
        if *in_use < DELIVERIES_PER_WEBHOOK {
            *in_use += 1;
            places -= 1;
            chosen.push(Candidate {
                id: row.try_get("id")?,
                queued: row.try_get("queued")?,
            });
        }
    }
    Ok(chosen)
}

/// Verifications that are due, those that were begun first, then the oldest. One that was asked to stop needs no place.
async fn choose_verifications(tx: &mut Tx, most: u32, now: i64) -> Result<Vec<Candidate>> {
    let live: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM operations WHERE kind = 'verify_repository' AND status IN ('queued', 'running') \
         AND lease_until > ?",
    )
    .bind(now)
    .fetch_one(&mut *tx)
    .await?;
    let places = i64::from(most).saturating_sub(live).max(0);
    let due = sqlx::query(
        "WITH due AS (SELECT id, status = 'queued' AS queued, cancel_requested, \
         row_number() OVER (ORDER BY status DESC, id) AS place FROM operations \
         WHERE kind = 'verify_repository' AND status IN ('queued', 'running') AND due_at <= ?1 \
         AND (lease_until IS NULL OR lease_until <= ?1)) \
         SELECT id, queued FROM due WHERE place <= ?2 OR cancel_requested ORDER BY place",
    )
    .bind(now)
    .bind(places)
    .fetch_all(tx)
    .await?;
    let candidate = |row: &SqliteRow| {
        Ok(Candidate {
            id: row.try_get("id")?,
            queued: row.try_get("queued")?,
        })
    };
    due.iter().map(candidate).collect()
}

async fn running_by_cluster(tx: &mut Tx) -> Result<HashMap<String, u64>> {
    let found = sqlx::query(
        "SELECT cluster_id, count(*) AS number FROM operations WHERE status = 'running' \
         AND kind NOT IN ('deliver_webhook', 'verify_repository') GROUP BY cluster_id",
    )
    .fetch_all(tx)
    .await?;
    found
        .iter()
        .map(|row| Ok((row.try_get("cluster_id")?, rows::count(row.try_get("number")?))))
        .collect()
}

async fn grant(tx: &mut Tx, candidate: &Candidate, owner: &str, now: i64, until: i64) -> Result<Leased> {
    if candidate.queued {
        append_event(tx, &candidate.id, now, "running", "a place became free").await?;
    }
    let row = sqlx::query(
        "UPDATE operations SET status = 'running', lease_owner = ?, lease_until = ?, \
         lease_token = lease_token + 1, cancel_seen = cancel_requested, \
         updated_at = CASE status WHEN 'queued' THEN ? ELSE updated_at END WHERE id = ? RETURNING *",
    )
    .bind(owner)
    .bind(until)
    .bind(now)
    .bind(&candidate.id)
    .fetch_one(&mut *tx)
    .await?;
    let operation = from_row(&row)?;
    if candidate.queued {
        let named = changes::Named {
            id: &operation.id,
            kind: operation.kind,
            cluster: operation.cluster_id.as_str(),
        };
        let document = serde_json::json!({ "status": "running" });
        changes::of_operation(tx, ChangeKind::OperationRunning, now, named, document).await?;
    }
    Ok(Leased {
        operation,
        token: row.try_get("lease_token")?,
    })
}

pub(super) async fn renew(tx: &mut Tx, owner: &str, until: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET lease_until = max(lease_until, ?) \
         WHERE status IN ('queued', 'running') AND lease_owner = ?",
    )
    .bind(millis(until))
    .bind(owner)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn take_over(tx: &mut Tx) -> Result<u64> {
    let freed = sqlx::query(
        "UPDATE operations SET lease_owner = NULL, lease_until = NULL \
         WHERE status IN ('queued', 'running') AND lease_owner IS NOT NULL",
    )
    .execute(tx)
    .await?;
    Ok(freed.rows_affected())
}

pub(super) async fn release(tx: &mut Tx, owner: &str) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET lease_owner = NULL, lease_until = NULL \
         WHERE status IN ('queued', 'running') AND lease_owner = ?",
    )
    .bind(owner)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let due: Option<i64> = sqlx::query_scalar(
        "SELECT min(due_at) FROM operations WHERE status IN ('queued', 'running') AND lease_owner IS NULL",
    )
    .fetch_one(tx)
    .await?;
    due.map(time_of).transpose()
}
