//! Changes: recorded within the writes that they tell of, read in pages, pruned.

use super::super::changes::{ChangeFilter, ChangePage, Changes};
use super::super::{Result, Step};
use super::rows::{self, from_json, millis, time};
use super::{SqliteStore, Tx};
use crate::clock::{Clock, SystemClock};
use crate::model::{Change, ChangeKind, ClusterId, Failure, Health, OperationKind, Status};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};
use tokio::sync::watch;

/// What a change is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) cluster: Option<&'a str>,
    pub(super) operation: Option<&'a str>,
}

/// Records a change in the transaction that makes it.
pub(super) async fn record(
    tx: &mut Tx,
    kind: ChangeKind,
    at: i64,
    about: About<'_>,
    document: &Value,
) -> Result<()> {
    sqlx::query("INSERT INTO changes (at, kind, cluster_id, operation_id, document) VALUES (?, ?, ?, ?, ?)")
        .bind(at)
        .bind(kind.as_str())
        .bind(about.cluster)
        .bind(about.operation)
        .bind(rows::to_json(document)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Of a cluster, at this moment.
pub(super) async fn of_cluster(
    tx: &mut Tx,
    kind: ChangeKind,
    id: &ClusterId,
    document: &Value,
) -> Result<()> {
    let about = About {
        cluster: Some(id.as_str()),
        operation: None,
    };
    record(tx, kind, millis(SystemClock.now()), about, document).await
}

/// Of a platform repository, at this moment.
pub(super) async fn of_repository(tx: &mut Tx, kind: ChangeKind, name: &str) -> Result<()> {
    let document = json!({ "repository": name });
    record(tx, kind, millis(SystemClock.now()), About::default(), &document).await
}

/// Of the health on a cluster.
pub(super) async fn of_health(tx: &mut Tx, id: &ClusterId, health: &Health) -> Result<()> {
    let document = json!({
        "reachable": health.reachable,
        "latest_successful": health.latest_good,
        "latest_successful_end_time": health.good_at.map(|at| at.to_string()),
        "latest_successful_name": health.good_name,
    });
    of_cluster(tx, ChangeKind::ClusterHealth, id, &document).await
}

/// An operation, as its changes name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) id: &'a str,
    pub(super) kind: OperationKind,
    pub(super) cluster: &'a str,
}

/// Of an operation. Of a delivery only the end is told: a change each time that one is told of a change is no news.
pub(super) async fn of_operation(
    tx: &mut Tx,
    kind: ChangeKind,
    at: i64,
    operation: Named<'_>,
    mut document: Value,
) -> Result<()> {
    if operation.kind == OperationKind::DeliverWebhook
        && !matches!(kind, ChangeKind::WebhookDelivered | ChangeKind::WebhookFailed)
    {
        return Ok(());
    }
    document["kind"] = operation.kind.as_str().into();
    let about = About {
        cluster: Some(operation.cluster),
        operation: Some(operation.id),
    };
    record(tx, kind, at, about, &document).await
}

/// Of a committed step: each line of its log, and the end.
pub(super) async fn of_step(tx: &mut Tx, at: i64, operation: Named<'_>, step: &Step) -> Result<()> {
    let ended = step.status.and_then(|status| end(status, operation.kind));
    if let Some(kind) = ended {
        let failure = step.failure.as_ref().map(failure);
        let status = step.status.map(Status::as_str);
        let document = json!({ "status": status, "failure": failure });
        return of_operation(tx, kind, at, operation, document).await;
    }
    for (event, message) in &step.events {
        let document = json!({ "event": event, "message": message });
        of_operation(tx, ChangeKind::OperationEvent, at, operation, document).await?;
    }
    Ok(())
}

pub(super) fn failure(failure: &Failure) -> Value {
    json!({ "kind": failure.kind, "message": failure.message })
}

fn end(status: Status, kind: OperationKind) -> Option<ChangeKind> {
    let delivery = kind == OperationKind::DeliverWebhook;
    match status {
        Status::Succeeded if delivery => Some(ChangeKind::WebhookDelivered),
        Status::Failed if delivery => Some(ChangeKind::WebhookFailed),
        Status::Succeeded => Some(ChangeKind::OperationSucceeded),
        Status::Failed => Some(ChangeKind::OperationFailed),
        Status::Cancelled => Some(ChangeKind::OperationCancelled),
        Status::Queued | Status::Running => None,
    }
}

#[async_trait]
impl Changes for SqliteStore {
    async fn changes(&self, after: i64, filter: &ChangeFilter, limit: u32) -> Result<ChangePage> {
        // One transaction: what is pruned or added meanwhile must not fall between the bounds and the page.
        let mut tx = self.readers.begin().await?;
        let newest = newest(&mut tx).await?;
        let oldest: Option<i64> = sqlx::query_scalar("SELECT min(sequence) FROM changes")
            .fetch_one(&mut *tx)
            .await?;
        let gap = after > newest || oldest.unwrap_or(newest + 1) > after + 1;
        if after > newest {
            return Ok(ChangePage {
                gap,
                changes: Vec::new(),
                position: newest,
            });
        }
        let changes = page(&mut tx, after, filter, limit).await?;
        let full = changes.len() == limit as usize;
        let position = changes
            .last()
            .filter(|_| full)
            .map_or(newest, |last| last.sequence);
        Ok(ChangePage {
            gap,
            changes,
            position,
        })
    }

    async fn newest_change(&self) -> Result<i64> {
        newest(&mut *self.reader_connection().await?).await
    }

    async fn prune_changes(&self, keep: u64, before: Timestamp) -> Result<u64> {
        let args = (rows::signed(keep), millis(before));
        self.note("prune_changes", args, |tx, (keep, before)| {
            Box::pin(prune(tx, *keep, *before))
        })
        .await
    }

    fn watch_changes(&self) -> watch::Receiver<u64> {
        self.signals.watch()
    }
}

/// From SQLite's own record, which outlives the rows.
pub(super) async fn newest(tx: &mut Tx) -> Result<i64> {
    let newest = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'changes'");
    Ok(newest.fetch_optional(tx).await?.unwrap_or(0))
}

async fn page(tx: &mut Tx, after: i64, filter: &ChangeFilter, limit: u32) -> Result<Vec<Change>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM changes WHERE sequence > ");
    query.push_bind(after);
    if let Some(cluster) = &filter.cluster_id {
        query
            .push(" AND cluster_id = ")
            .push_bind(cluster.as_str().to_owned());
    }
    if !filter.kinds.is_empty() {
        query.push(" AND kind IN (");
        let mut list = query.separated(", ");
        for kind in &filter.kinds {
            list.push_bind(kind.as_str());
        }
        query.push(")");
    }
    query
        .push(" ORDER BY sequence LIMIT ")
        .push_bind(i64::from(limit));
    query.build().fetch_all(tx).await?.iter().map(from_row).collect()
}

async fn prune(tx: &mut Tx, keep: i64, before: i64) -> Result<u64> {
    let newest = newest(tx).await?;
    // By age only from the beginning, so that no hole is made in the middle when the clock was wrong for a while.
    let pruned = sqlx::query(
        "DELETE FROM changes WHERE sequence <= ?1 OR sequence < \
         (SELECT coalesce(min(sequence), ?2 + 1) FROM changes WHERE at >= ?3)",
    )
    .bind(newest.saturating_sub(keep))
    .bind(newest)
    .bind(before)
    .execute(tx)
    .await?;
    Ok(pruned.rows_affected())
}

fn from_row(row: &SqliteRow) -> Result<Change> {
    let cluster: Option<String> = row.try_get("cluster_id")?;
    Ok(Change {
        sequence: row.try_get("sequence")?,
        at: time(row, "at")?,
        kind: row.try_get("kind")?,
        cluster_id: cluster.map(rows::name).transpose()?,
        operation_id: row.try_get("operation_id")?,
        document: from_json(row.try_get("document")?)?,
    })
}
