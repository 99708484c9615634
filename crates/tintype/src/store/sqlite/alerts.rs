//! How each cluster stands, and what was told of it.

use super::super::alerts::Alerts;
use super::super::{Result, StoreError};
use super::changes::{self, About};
use super::rows::{self, millis, optional_time};
use super::webhooks::{Notice, notify};
use super::{SqliteStore, Tx};
use crate::model::{Alert, ChangeKind, ClusterId, Health, WebhookEvent};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Keeps the health of a look, and records it as a change when it is another than before.
pub(super) async fn note(tx: &mut Tx, id: &ClusterId, health: &Health) -> Result<()> {
    let changed = sqlx::query(
        "INSERT INTO cluster_health (cluster_id, attached_at, reachable, latest_good, good_at, good_name) \
         SELECT id, created_at, ?2, ?3, ?4, ?5 FROM clusters WHERE id = ?1 \
         ON CONFLICT (cluster_id) DO UPDATE SET reachable = ?2, latest_good = ?3, good_at = ?4, good_name = ?5 \
         WHERE reachable IS NOT ?2 OR latest_good IS NOT ?3 OR good_at IS NOT ?4 OR good_name IS NOT ?5",
    )
    .bind(id.as_str())
    .bind(health.reachable)
    .bind(health.latest_good)
    .bind(health.good_at.map(millis))
    .bind(&health.good_name)
    .execute(&mut *tx)
    .await?;
    match changed.rows_affected() {
        0 => Ok(()),
        _ => changes::of_health(tx, id, health).await,
    }
}

#[async_trait]
impl Alerts for SqliteStore {
    async fn alert(&self, id: &ClusterId) -> Result<Option<Alert>> {
        let row = sqlx::query(
            "SELECT c.max_age_seconds, h.good_at, h.late_since, h.failing_since FROM clusters AS c \
             LEFT JOIN cluster_health AS h ON h.cluster_id = c.id WHERE c.id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *self.reader_connection().await?)
        .await?;
        row.as_ref().map(alert_of).transpose()
    }

    async fn set_max_age(&self, id: &ClusterId, seconds: Option<i64>) -> Result<()> {
        self.write("set_max_age", (id.clone(), seconds), |tx, (id, seconds)| {
            Box::pin(set_max_age(tx, id, *seconds))
        })
        .await
    }

    async fn unsettled_alerts(&self, default: i64, now: Timestamp) -> Result<Vec<ClusterId>> {
        let found: Vec<String> = sqlx::query_scalar(
            "SELECT h.cluster_id FROM cluster_health AS h JOIN clusters AS c ON c.id = h.cluster_id WHERE \
             (coalesce(h.good_at, h.attached_at) < ?1 - 1000 * coalesce(c.max_age_seconds, ?2)) \
               <> (h.late_since IS NOT NULL) \
             OR (h.latest_good IS 0) <> (h.failing_since IS NOT NULL) ORDER BY h.cluster_id LIMIT 1000",
        )
        .bind(millis(now))
        .bind(default)
        .fetch_all(&mut *self.reader_connection().await?)
        .await?;
        found.into_iter().map(rows::name).collect()
    }

    async fn settle_alert(&self, id: &ClusterId, default: i64, now: Timestamp) -> Result<Vec<WebhookEvent>> {
        let args = (id.clone(), default, millis(now));
        self.note("settle_alert", args, |tx, (id, default, now)| {
            Box::pin(settle(tx, id, *default, *now))
        })
        .await
    }
}

fn alert_of(row: &SqliteRow) -> Result<Alert> {
    Ok(Alert {
        max_age_seconds: row.try_get("max_age_seconds")?,
        good_at: optional_time(row, "good_at")?,
        late_since: optional_time(row, "late_since")?,
        failing_since: optional_time(row, "failing_since")?,
    })
}

async fn set_max_age(tx: &mut Tx, id: &ClusterId, seconds: Option<i64>) -> Result<()> {
    let set = sqlx::query("UPDATE clusters SET max_age_seconds = ? WHERE id = ?")
        .bind(seconds)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    if set.rows_affected() == 0 {
        return Err(StoreError::NotFound("cluster"));
    }
    let document = json!({ "max_age_seconds": seconds });
    changes::of_cluster(tx, ChangeKind::ClusterChanged, id, &document).await
}

/// What stands in `cluster_health`, and in `clusters` beside it.
struct Standing {
    name: String,
    max_age: i64,
    attached_at: i64,
    reachable: bool,
    latest_good: Option<bool>,
    good_at: Option<i64>,
    good_name: Option<String>,
    late_since: Option<i64>,
    failing_since: Option<i64>,
}

impl Standing {
    async fn of(tx: &mut Tx, id: &ClusterId, default: i64) -> Result<Option<Self>> {
        let row = sqlx::query(
            "SELECT c.name, coalesce(c.max_age_seconds, ?2) AS max_age, h.* FROM cluster_health AS h \
             JOIN clusters AS c ON c.id = h.cluster_id WHERE c.id = ?1",
        )
        .bind(id.as_str())
        .bind(default)
        .fetch_optional(tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Self {
            name: row.try_get("name")?,
            max_age: row.try_get("max_age")?,
            attached_at: row.try_get("attached_at")?,
            reachable: row.try_get("reachable")?,
            latest_good: row.try_get("latest_good")?,
            good_at: row.try_get("good_at")?,
            good_name: row.try_get("good_name")?,
            late_since: row.try_get("late_since")?,
            failing_since: row.try_get("failing_since")?,
        }))
    }

    fn is_late(&self, now: i64) -> bool {
        self.good_at.unwrap_or(self.attached_at) < now - 1000 * self.max_age
    }

    fn document(&self, now: i64) -> Result<Value> {
        let text = |millis: Option<i64>| {
            let at = millis.map(rows::time_of).transpose()?;
            Ok::<_, StoreError>(at.map(|at| at.to_string()))
        };
        Ok(json!({
            "name": self.name,
            "reachable": self.reachable,
            "max_age_seconds": self.max_age,
            "latest_successful": self.latest_good,
            "latest_successful_name": self.good_name,
            "latest_successful_end_time": text(self.good_at)?,
            "last_good_age_seconds": self.good_at.map(|at| (now - at).max(0) / 1000),
            "late_since": text(self.late_since)?,
            "failing_since": text(self.failing_since)?,
        }))
    }
}

async fn settle(tx: &mut Tx, id: &ClusterId, default: i64, now: i64) -> Result<Vec<WebhookEvent>> {
    let Some(mut standing) = Standing::of(tx, id, default).await? else {
        return Ok(Vec::new());
    };
    let was = (standing.late_since.is_some(), standing.failing_since.is_some());
    let is = (standing.is_late(now), standing.latest_good == Some(false));
    if was == is {
        return Ok(Vec::new());
    }
    standing.late_since = is.0.then(|| standing.late_since.unwrap_or(now));
    standing.failing_since = is.1.then(|| standing.failing_since.unwrap_or(now));
    sqlx::query("UPDATE cluster_health SET late_since = ?, failing_since = ? WHERE cluster_id = ?")
        .bind(standing.late_since)
        .bind(standing.failing_since)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    let data = standing.document(now)?;
    let mut told = Vec::new();
    let news = [
        (is.0 && !was.0, ChangeKind::ClusterLate, WebhookEvent::ClusterLate),
        (
            is.1 && !was.1,
            ChangeKind::ClusterFailing,
            WebhookEvent::ClusterFailing,
        ),
        (
            is == (false, false),
            ChangeKind::ClusterRecovered,
            WebhookEvent::ClusterRecovered,
        ),
    ];
    for (_, kind, event) in news.into_iter().filter(|(new, ..)| *new) {
        tell(tx, id, now, kind, event, &data).await?;
        told.push(event);
    }
    Ok(told)
}

async fn tell(
    tx: &mut Tx,
    id: &ClusterId,
    at: i64,
    kind: ChangeKind,
    event: WebhookEvent,
    data: &Value,
) -> Result<()> {
    let about = About {
        cluster: Some(id.as_str()),
        operation: None,
    };
    changes::record(tx, kind, at, about, data).await?;
    let notice = Notice {
        event,
        cluster: id.as_str(),
        at,
        data: data.clone(),
    };
    notify(tx, notice).await
}
