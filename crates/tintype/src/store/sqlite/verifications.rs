//! Reports, proofs and schedules of verifications.

use super::super::verifications::{NewReport, REPORTS, Verifications};
use super::super::{Result, StoreError};
use super::rows::{self, from_json, from_word, millis, optional_time, time, to_json};
use super::{SqliteStore, Tx, ledger, operations};
use crate::model::{ClusterId, Operation, Proof, RepositoryName, TakenSnapshot, VerifySchedule};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use tintype_repository::Level;
use tintype_repository::ledger::{BlobKey, Check};
use tintype_repository::verify::verdict::Verdict;

/// Deeper than every level: what damage takes the place of.
const DEEPEST: u8 = 9;

/// A proof as its statement reads it.
#[derive(Serialize)]
struct ProofRow<'a> {
    snapshot: &'a str,
    depth: u8,
    /// The depth up to which it takes the place of what was known.
    supersedes: u8,
    level: Level,
    verdict: Verdict,
    oldest_check: i64,
    checked_at: i64,
    operation: &'a str,
}

/// From 1; 0 is for what is unknown, which goes behind everything.
fn depth(proof: &Proof) -> u8 {
    match (proof.verdict, proof.level) {
        (Verdict::Unknown, _) => 0,
        (_, Level::Root) => 1,
        (_, Level::Metadata) => 2,
        (_, Level::Presence) => 3,
        (_, Level::Fingerprint) => 4,
        (_, Level::Checksum) => 5,
        (_, Level::Structure) => 6,
    }
}

impl<'a> ProofRow<'a> {
    fn of(proof: &'a Proof) -> Self {
        let depth = depth(proof);
        Self {
            snapshot: &proof.snapshot,
            depth,
            supersedes: if proof.is_damage() { DEEPEST } else { depth },
            level: proof.level,
            verdict: proof.verdict,
            oldest_check: millis(proof.oldest_check),
            checked_at: millis(proof.checked_at),
            operation: &proof.operation,
        }
    }
}

#[async_trait]
impl Verifications for SqliteStore {
    async fn last_checks(&self, level: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>> {
        ledger::last(&mut *self.reader_connection().await?, level, keys).await
    }

    async fn record_checks(&self, checks: &[(BlobKey, Check)]) -> Result<()> {
        self.note("record_checks", ledger::batch(checks)?, |tx, batch| {
            Box::pin(ledger::record(tx, batch))
        })
        .await
    }

    async fn prune_checks(&self, before: Timestamp, most: u32) -> Result<u64> {
        let args = (millis(before), most);
        self.note("prune_checks", args, |tx, (before, most)| {
            Box::pin(ledger::prune(tx, *before, *most))
        })
        .await
    }

    async fn put_report(&self, report: &NewReport) -> Result<()> {
        let proofs: Vec<_> = report.proofs.iter().map(ProofRow::of).collect();
        let args = (report.clone(), to_json(&proofs)?);
        self.note("put_report", args, |tx, (report, proofs)| {
            Box::pin(put_report(tx, report, proofs))
        })
        .await
    }

    async fn report(&self, operation: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT document FROM verification_reports WHERE operation_id = ?");
        let query = query.bind(operation);
        Ok(query
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?)
    }

    async fn proofs(
        &self,
        cluster: &ClusterId,
        location: &str,
        snapshots: &[&str],
    ) -> Result<HashMap<String, Proof>> {
        // In the order of depth: the deepest stays.
        let query = sqlx::query(
            "SELECT * FROM proofs WHERE cluster_id = ? AND location = ? \
             AND snapshot IN (SELECT value FROM json_each(?)) ORDER BY depth",
        );
        let query = query
            .bind(cluster.as_str())
            .bind(location)
            .bind(to_json(&snapshots)?);
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        let read = |row| proof_from_row(row).map(|proof| (proof.snapshot.clone(), proof));
        rows.iter().map(read).collect()
    }

    async fn verifications(
        &self,
        repository: &RepositoryName,
        cluster: Option<&ClusterId>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Operation>> {
        let query = sqlx::query(
            "SELECT * FROM operations WHERE kind = 'verify_repository' AND parameters ->> 'repository' = ?1 \
             AND (?2 IS NULL OR cluster_id = ?2) AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4",
        );
        let query = query
            .bind(repository.as_str())
            .bind(cluster.map(ClusterId::as_str))
            .bind(before)
            .bind(i64::from(limit.clamp(1, 1000)));
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(operations::from_row).collect()
    }

    async fn open_verification(
        &self,
        cluster: &ClusterId,
        repository: &RepositoryName,
    ) -> Result<Option<String>> {
        let query = sqlx::query_scalar(
            "SELECT id FROM operations WHERE kind = 'verify_repository' AND parameters ->> 'repository' = ? \
             AND cluster_id = ? AND status IN ('queued', 'running') ORDER BY id LIMIT 1",
        );
        let query = query.bind(repository.as_str()).bind(cluster.as_str());
        Ok(query
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?)
    }

    async fn put_schedule(&self, schedule: &VerifySchedule) -> Result<VerifySchedule> {
        self.write("put_verification_schedule", schedule.clone(), |tx, schedule| {
            Box::pin(put_schedule(tx, schedule))
        })
        .await
    }

    async fn schedule(&self, repository: &RepositoryName) -> Result<Option<VerifySchedule>> {
        let query = sqlx::query("SELECT * FROM verification_schedules WHERE repository = ?");
        let row = query
            .bind(repository.as_str())
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?;
        row.as_ref().map(schedule_from_row).transpose()
    }

    async fn schedules(&self) -> Result<Vec<VerifySchedule>> {
        let query = sqlx::query("SELECT * FROM verification_schedules ORDER BY repository");
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(schedule_from_row).collect()
    }

    async fn delete_schedule(&self, repository: &RepositoryName) -> Result<()> {
        self.write("delete_verification_schedule", repository.clone(), |tx, name| {
            Box::pin(async move {
                let gone = sqlx::query("DELETE FROM verification_schedules WHERE repository = ?");
                match gone.bind(name.as_str()).execute(tx).await?.rows_affected() {
                    0 => Err(StoreError::NotFound("schedule")),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    async fn taken_to_verify(&self, limit: u32) -> Result<Vec<TakenSnapshot>> {
        let query =
            sqlx::query("SELECT * FROM snapshots_to_verify ORDER BY operation_id LIMIT ?").bind(limit);
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(taken_from_row).collect()
    }

    async fn forget_taken(&self, operation: &str) -> Result<()> {
        self.note("forget_taken", operation.to_owned(), |tx, operation| {
            Box::pin(async move {
                let gone = sqlx::query("DELETE FROM snapshots_to_verify WHERE operation_id = ?");
                gone.bind(operation.as_str()).execute(tx).await?;
                Ok(())
            })
        })
        .await
    }

    async fn note_start(
        &self,
        repository: &RepositoryName,
        last: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        let args = (repository.clone(), last.map(millis), millis(now));
        self.note("note_start", args, |tx, (repository, last, now)| {
            Box::pin(async move {
                let noted = sqlx::query(
                    "UPDATE verification_schedules SET last_started = ?1 WHERE repository = ?2 AND last_started IS ?3",
                )
                .bind(now)
                .bind(repository.as_str())
                .bind(last)
                .execute(tx)
                .await?;
                Ok(noted.rows_affected() == 1)
            })
        })
        .await
    }
}

async fn put_report(tx: &mut Tx, report: &NewReport, proofs: &str) -> Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO verification_reports (operation_id, repository, cluster_id, document) VALUES (?, ?, ?, ?)",
    )
    .bind(&report.operation)
    .bind(report.repository.as_str())
    .bind(report.cluster.as_str())
    .bind(&report.document)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM verification_reports WHERE repository = ?1 AND cluster_id = ?2 AND operation_id NOT IN \
         (SELECT operation_id FROM verification_reports WHERE repository = ?1 AND cluster_id = ?2 \
         ORDER BY operation_id DESC LIMIT ?3)",
    )
    .bind(report.repository.as_str())
    .bind(report.cluster.as_str())
    .bind(REPORTS)
    .execute(&mut *tx)
    .await?;
    put_proofs(tx, report.cluster.as_str(), &report.location, proofs).await?;
    if let Some(at) = report.root_lost {
        lose_all(tx, report, millis(at)).await?;
    }
    if report.whole {
        sqlx::query(
            "DELETE FROM proofs WHERE cluster_id = ? AND location = ? \
             AND snapshot NOT IN (SELECT value ->> 'snapshot' FROM json_each(?))",
        )
        .bind(report.cluster.as_str())
        .bind(&report.location)
        .bind(proofs)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// In the place of all that is known of a location's snapshots: they cannot be restored. Any look that finds one whole again
/// is as deep as that.
async fn lose_all(tx: &mut Tx, report: &NewReport, at: i64) -> Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO proofs (cluster_id, location, snapshot, depth, level, verdict, oldest_check, checked_at, \
         operation_id) SELECT DISTINCT cluster_id, location, snapshot, 1, 'root', 'not_restorable', ?3, ?3, ?4 FROM proofs \
         WHERE cluster_id = ?1 AND location = ?2",
    )
    .bind(report.cluster.as_str())
    .bind(&report.location)
    .bind(at)
    .bind(&report.operation)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM proofs WHERE cluster_id = ? AND location = ? AND depth <> 1")
        .bind(report.cluster.as_str())
        .bind(&report.location)
        .execute(tx)
        .await?;
    Ok(())
}

async fn put_proofs(tx: &mut Tx, cluster: &str, location: &str, proofs: &str) -> Result<()> {
    // Driven by the new proofs, so that each finds its own rows by the key.
    sqlx::query(
        "DELETE FROM proofs WHERE (cluster_id, location, snapshot, depth) IN \
         (SELECT old.cluster_id, old.location, old.snapshot, old.depth FROM json_each(?3) AS new \
         CROSS JOIN proofs AS old ON old.cluster_id = ?1 AND old.location = ?2 \
         AND old.snapshot = new.value ->> 'snapshot' AND old.depth <= new.value ->> 'supersedes')",
    )
    .bind(cluster)
    .bind(location)
    .bind(proofs)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT OR REPLACE INTO proofs (cluster_id, location, snapshot, depth, level, verdict, oldest_check, checked_at, \
         operation_id) SELECT ?1, ?2, value ->> 'snapshot', value ->> 'depth', value ->> 'level', value ->> 'verdict', \
         value ->> 'oldest_check', value ->> 'checked_at', value ->> 'operation' FROM json_each(?3)",
    )
    .bind(cluster)
    .bind(location)
    .bind(proofs)
    .execute(tx)
    .await?;
    Ok(())
}

fn proof_from_row(row: &SqliteRow) -> Result<Proof> {
    Ok(Proof {
        snapshot: row.try_get("snapshot")?,
        verdict: from_word(row.try_get("verdict")?)?,
        level: from_word(row.try_get("level")?)?,
        oldest_check: time(row, "oldest_check")?,
        checked_at: time(row, "checked_at")?,
        operation: row.try_get("operation_id")?,
    })
}

/// A take has ended: what it took is verified where the schedule of its repository says so of each snapshot.
pub(super) async fn taken(tx: &mut Tx, operation: &str) -> Result<()> {
    sqlx::query(
        "INSERT OR IGNORE INTO snapshots_to_verify (operation_id, repository, cluster_id, snapshot) \
         SELECT take.id, schedule.repository, take.cluster_id, take.outcome ->> 'uuid' FROM operations AS take \
         JOIN verification_schedules AS schedule ON schedule.repository = take.parameters ->> 'platform_repository' \
         WHERE take.id = ? AND schedule.after_snapshots AND take.outcome ->> 'uuid' IS NOT NULL \
         AND take.outcome ->> 'state' IN ('SUCCESS', 'PARTIAL')",
    )
    .bind(operation)
    .execute(tx)
    .await?;
    Ok(())
}

fn taken_from_row(row: &SqliteRow) -> Result<TakenSnapshot> {
    Ok(TakenSnapshot {
        operation: row.try_get("operation_id")?,
        repository: rows::name(row.try_get("repository")?)?,
        cluster: rows::name(row.try_get("cluster_id")?)?,
        snapshot: row.try_get("snapshot")?,
    })
}

async fn put_schedule(tx: &mut Tx, schedule: &VerifySchedule) -> Result<VerifySchedule> {
    let there: Option<i64> = sqlx::query_scalar("SELECT 1 FROM repositories WHERE name = ?")
        .bind(schedule.repository.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    if there.is_none() {
        return Err(StoreError::NotFound("repository"));
    }
    let row = sqlx::query(
        "INSERT INTO verification_schedules (repository, every_seconds, after_snapshots, options, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (repository) DO UPDATE SET every_seconds = excluded.every_seconds, \
         after_snapshots = excluded.after_snapshots, options = excluded.options, updated_at = excluded.updated_at RETURNING *",
    )
    .bind(schedule.repository.as_str())
    .bind(rows::signed(schedule.every_seconds))
    .bind(schedule.after_snapshots)
    .bind(to_json(&schedule.options)?)
    .bind(millis(schedule.created_at))
    .bind(millis(schedule.updated_at))
    .fetch_one(tx)
    .await?;
    schedule_from_row(&row)
}

fn schedule_from_row(row: &SqliteRow) -> Result<VerifySchedule> {
    Ok(VerifySchedule {
        repository: rows::name(row.try_get("repository")?)?,
        every_seconds: rows::count(row.try_get("every_seconds")?),
        after_snapshots: row.try_get("after_snapshots")?,
        options: from_json(row.try_get("options")?)?,
        last_started: optional_time(row, "last_started")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}
