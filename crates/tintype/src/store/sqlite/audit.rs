//! The audit log's rows.

use super::super::audit::{AuditFilter, AuditLog, Change};
use super::super::{Result, StoreError};
use super::rows::{self, millis, time};
use super::{SqliteStore, Tx};
use crate::model::audit::{AuditEntry, Origin, Refusal};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

/// The rows that this connection has ever changed.
pub(super) async fn changes(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT total_changes()").fetch_one(tx).await?)
}

/// The row of a change, unless nothing was changed since `before`.
pub(super) async fn record(tx: &mut Tx, action: &str, change: &Change, before: i64) -> Result<()> {
    if changes(tx).await? == before {
        return Ok(());
    }
    append(tx, action, &change.origin, &change.detail, None, 1).await
}

async fn append(
    tx: &mut Tx,
    action: &str,
    origin: &Origin,
    detail: &str,
    refused: Option<(u16, &str)>,
    times: u32,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO audit (at, action, principal, address, request, method, route, target, detail, status, code, \
         times) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(millis(origin.at))
    .bind(action)
    .bind(&origin.principal)
    .bind(&origin.address)
    .bind(&origin.request)
    .bind(&origin.method)
    .bind(&origin.route)
    .bind(&origin.target)
    .bind(detail)
    .bind(refused.map(|(status, _)| status))
    .bind(refused.map(|(_, code)| code))
    .bind(times)
    .execute(tx)
    .await?;
    Ok(())
}

async fn refuse(tx: &mut Tx, refusals: &[Refusal]) -> Result<()> {
    for refusal in refusals {
        let refused = Some((refusal.status, refusal.code.as_str()));
        append(
            tx,
            AuditEntry::REFUSED,
            &refusal.origin,
            "",
            refused,
            refusal.times,
        )
        .await?;
    }
    Ok(())
}

async fn list(tx: &mut Tx, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM audit WHERE 1 = 1");
    for (column, value) in [
        ("principal", &filter.principal),
        ("action", &filter.action),
        ("target", &filter.target),
    ] {
        if let Some(value) = value {
            query
                .push(" AND ")
                .push(column)
                .push(" = ")
                .push_bind(value.clone());
        }
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(millis(since));
    }
    if let Some(before) = filter.before {
        query.push(" AND sequence < ").push_bind(before);
    }
    match filter.refused {
        Some(true) => drop(query.push(" AND status IS NOT NULL")),
        Some(false) => drop(query.push(" AND status IS NULL")),
        None => {}
    }
    query
        .push(" ORDER BY sequence DESC LIMIT ")
        .push_bind(i64::from(filter.limit.clamp(1, 1000)));
    query.build().fetch_all(tx).await?.iter().map(from_row).collect()
}

async fn prune(tx: &mut Tx, before: i64, anonymous: i64, most: u32) -> Result<u64> {
    // The first condition lets the index answer: rows that are young by both measures are not looked at.
    let gone = sqlx::query(
        "DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE at < max(?1, ?2) \
         AND (at < ?1 OR (at < ?2 AND principal IS NULL AND status IS NOT NULL)) ORDER BY at LIMIT ?3)",
    )
    .bind(before)
    .bind(anonymous)
    .bind(most)
    .execute(tx)
    .await?;
    Ok(gone.rows_affected())
}

fn from_row(row: &SqliteRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        sequence: row.try_get("sequence")?,
        action: row.try_get("action")?,
        origin: Origin {
            at: time(row, "at")?,
            principal: row.try_get("principal")?,
            address: row.try_get("address")?,
            request: row.try_get("request")?,
            method: row.try_get("method")?,
            route: row.try_get("route")?,
            target: row.try_get("target")?,
        },
        detail: row.try_get("detail")?,
        status: row.try_get("status")?,
        code: row.try_get("code")?,
        times: u32::try_from(row.try_get::<i64, _>("times")?)
            .map_err(|error| -> StoreError { rows::unreadable(error) })?,
    })
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn record_refusals(&self, refusals: &[Refusal]) -> Result<()> {
        self.note("record_refusals", refusals.to_vec(), |tx, refusals| {
            Box::pin(refuse(tx, refusals))
        })
        .await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        list(&mut *self.reader_connection().await?, filter).await
    }

    async fn prune_audit(&self, before: Timestamp, anonymous: Timestamp, most: u32) -> Result<u64> {
        let args = (millis(before), millis(anonymous), most);
        self.note("prune_audit", args, |tx, (before, anonymous, most)| {
            Box::pin(prune(tx, *before, *anonymous, *most))
        })
        .await
    }
}
