//! When each blob last passed a check. Keys go in and out as hexadecimal digits: one statement for a whole batch.

use super::super::Result;
use super::Tx;
use super::rows::{self, to_json, unreadable};
use data_encoding::HEXLOWER;
use sqlx::Row;
use std::collections::HashMap;
use tintype_repository::Level;
use tintype_repository::ledger::{BlobKey, Check};

/// A row's two times, each the newest of its level.
#[derive(Clone, Copy)]
struct Times {
    fingerprint: Option<i64>,
    checksum: Option<i64>,
}

impl Times {
    fn last(self, level: Level) -> Option<Check> {
        let of = |level, at: Option<i64>| at.map(|at| Check { level, at });
        let checksum = of(Level::Checksum, self.checksum);
        if level > Level::Fingerprint {
            return checksum;
        }
        let fingerprint = of(Level::Fingerprint, self.fingerprint);
        checksum.max_by_time(fingerprint)
    }
}

trait Later {
    /// The later of two; of equal ones the first.
    fn max_by_time(self, other: Self) -> Self;
}

impl Later for Option<Check> {
    fn max_by_time(self, other: Self) -> Self {
        match (&self, &other) {
            (Some(one), Some(two)) if two.at > one.at => other,
            (None, _) => other,
            _ => self,
        }
    }
}

pub(super) async fn last(tx: &mut Tx, level: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>> {
    let asked: Vec<String> = keys.iter().map(|key| HEXLOWER.encode(&key.0)).collect();
    let found = sqlx::query(
        "SELECT key, fingerprint_at, checksum_at FROM ledger WHERE key IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(to_json(&asked)?)
    .fetch_all(tx)
    .await?;
    let mut known = HashMap::with_capacity(found.len());
    for row in &found {
        let key: &[u8] = row.try_get("key")?;
        let key: [u8; 16] = key
            .try_into()
            .map_err(|_| unreadable("a key of the ledger has not 16 bytes"))?;
        let times = Times {
            fingerprint: row.try_get("fingerprint_at")?,
            checksum: row.try_get("checksum_at")?,
        };
        known.insert(key, times);
    }
    let last = |key: &BlobKey| known.get(&key.0).and_then(|times| times.last(level));
    Ok(keys.iter().map(last).collect())
}

/// What one statement each writes.
pub(super) struct Batch {
    /// As JSON: key, time of a fingerprint, time of a checksum.
    passed: String,
    /// As JSON: the keys of those that failed.
    failed: String,
}

/// The rows of a batch.
pub(super) fn batch(checks: &[(BlobKey, Check)]) -> Result<Batch> {
    let row = |(key, check): &(BlobKey, Check)| {
        let at = |level: bool| level.then_some(check.at);
        let deep = check.level >= Level::Checksum;
        (HEXLOWER.encode(&key.0), at(!deep), at(deep))
    };
    let (passed, failed): (Vec<_>, Vec<_>) = checks
        .iter()
        .copied()
        .filter(|(_, check)| check.level >= Level::Fingerprint)
        .partition(|(_, check)| check.at > 0);
    let failed: Vec<_> = failed.iter().map(|(key, _)| HEXLOWER.encode(&key.0)).collect();
    Ok(Batch {
        passed: to_json(&passed.iter().map(row).collect::<Vec<_>>())?,
        failed: to_json(&failed)?,
    })
}

pub(super) async fn record(tx: &mut Tx, batch: &Batch) -> Result<()> {
    // `WHERE true`: without it the parser takes ON CONFLICT for a join's condition.
    sqlx::query(
        "INSERT INTO ledger (key, fingerprint_at, checksum_at) \
         SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each(?) WHERE true \
         ON CONFLICT (key) DO UPDATE SET \
         fingerprint_at = max(coalesce(excluded.fingerprint_at, fingerprint_at), coalesce(fingerprint_at, excluded.fingerprint_at)), \
         checksum_at = max(coalesce(excluded.checksum_at, checksum_at), coalesce(checksum_at, excluded.checksum_at))",
    )
    .bind(&batch.passed)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM ledger WHERE key IN (SELECT unhex(value) FROM json_each(?))")
        .bind(&batch.failed)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn prune(tx: &mut Tx, before: i64, most: u32) -> Result<u64> {
    let gone = sqlx::query(
        "DELETE FROM ledger WHERE key IN (SELECT key FROM ledger \
         WHERE max(coalesce(fingerprint_at, checksum_at), coalesce(checksum_at, fingerprint_at)) < ? LIMIT ?)",
    )
    .bind(before)
    .bind(rows::signed(most.into()))
    .execute(tx)
    .await?;
    Ok(gone.rows_affected())
}
