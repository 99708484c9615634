//! Counting everything in a few narrow queries.

use super::super::Result;
use super::super::figures::{ClusterFigures, Figures, FleetFigures, Verdicts, WITHIN_HOURS};
use super::rows::{self, from_word, millis, optional_time};
use super::{SqliteStore, Tx, changes};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[async_trait]
impl Figures for SqliteStore {
    async fn figures(&self, per_cluster: u32, now: Timestamp) -> Result<FleetFigures> {
        let mut tx = self.readers.begin().await?;
        let mut figures = FleetFigures::default();
        (figures.commits, figures.writes) = self.signals.counts();
        figures.changes = changes::newest(&mut tx).await?;
        operations(&mut tx, &mut figures).await?;
        let attached = clusters(&mut tx, &mut figures, millis(now)).await?;
        if attached <= u64::from(per_cluster) {
            figures.clusters = one_by_one(&mut tx).await?;
        }
        Ok(figures)
    }
}

async fn operations(tx: &mut Tx, figures: &mut FleetFigures) -> Result<()> {
    let counted = sqlx::query("SELECT kind, status, number FROM operation_counts")
        .fetch_all(&mut *tx)
        .await?;
    let read = |row: &SqliteRow| {
        let number = rows::count(row.try_get("number")?);
        Ok((
            from_word(row.try_get("kind")?)?,
            from_word(row.try_get("status")?)?,
            number,
        ))
    };
    figures.operations = counted.iter().map(read).collect::<Result<_>>()?;
    let queue = sqlx::query(
        "SELECT count(*) AS number, min(created_at) AS since FROM operations \
         WHERE status = 'queued' AND kind NOT IN ('deliver_webhook', 'verify_repository')",
    )
    .fetch_one(tx)
    .await?;
    figures.queued = rows::count(queue.try_get("number")?);
    figures.queued_since = optional_time(&queue, "since")?;
    Ok(())
}

/// Returns the number of attached clusters.
async fn clusters(tx: &mut Tx, figures: &mut FleetFigures, now: i64) -> Result<u64> {
    let attached: i64 = sqlx::query_scalar("SELECT count(*) FROM clusters")
        .fetch_one(&mut *tx)
        .await?;
    let row = sqlx::query(
        "SELECT count(*) AS looked_at, total(NOT reachable) AS unreachable, \
         total(reachable AND late_since IS NOT NULL) AS late, \
         total(reachable AND late_since IS NULL AND failing_since IS NOT NULL) AS failing, \
         total(reachable AND late_since IS NULL AND failing_since IS NULL) AS good, \
         min(good_at) AS oldest_good FROM cluster_health",
    )
    .fetch_one(&mut *tx)
    .await?;
    let attached = rows::count(attached);
    // Whole numbers, though SQLite's total() calls them floats; a sum of no rows would be NULL.
    let number = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<f64, _>(column)? as u64);
    figures.verdicts = Verdicts {
        unknown: attached.saturating_sub(rows::count(row.try_get("looked_at")?)),
        unreachable: number("unreachable")?,
        late: number("late")?,
        failing: number("failing")?,
        good: number("good")?,
    };
    figures.oldest_good = optional_time(&row, "oldest_good")?;
    let within = sqlx::query(
        "SELECT count(*) FILTER (WHERE good_at >= ?1 - ?2), count(*) FILTER (WHERE good_at >= ?1 - ?3), \
         count(*) FILTER (WHERE good_at >= ?1 - ?4), count(*) FILTER (WHERE good_at >= ?1 - ?5), \
         count(*) FILTER (WHERE good_at >= ?1 - ?6), count(*) FILTER (WHERE good_at >= ?1 - ?7) FROM cluster_health",
    );
    let bound = WITHIN_HOURS
        .iter()
        .fold(within.bind(now), |query, hours| query.bind(hours * 3_600_000));
    let row = bound.fetch_one(tx).await?;
    for (index, count) in figures.good_within.iter_mut().enumerate() {
        *count = rows::count(row.try_get(index)?);
    }
    Ok(attached)
}

async fn one_by_one(tx: &mut Tx) -> Result<Vec<ClusterFigures>> {
    let found = sqlx::query(
        "SELECT c.id, c.name, h.reachable, h.good_at, h.late_since IS NOT NULL AS late, \
         h.failing_since IS NOT NULL AS failing FROM cluster_health AS h JOIN clusters AS c ON c.id = h.cluster_id \
         ORDER BY c.id",
    )
    .fetch_all(tx)
    .await?;
    let read = |row: &SqliteRow| {
        Ok(ClusterFigures {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            reachable: row.try_get("reachable")?,
            good_at: optional_time(row, "good_at")?,
            late: row.try_get("late")?,
            failing: row.try_get("failing")?,
        })
    };
    found.iter().map(read).collect()
}
