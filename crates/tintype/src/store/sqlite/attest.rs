//! Keys for attestations with their sealed seeds, and the attestations.

use super::super::attest::Attestations;
use super::super::audit::about;
use super::super::{Conflict, Result, StoreError};
use super::rows::{millis, optional_time, time, time_of, to_json, unreadable};
use super::{SqliteStore, Tx};
use crate::model::{AttestKey, Attestation, ClusterId};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

fn context(id: &str) -> String {
    format!("attest_keys/{id}/secret")
}

impl SqliteStore {
    fn seal_secret(&self, key: &AttestKey, secret: &SecretString) -> Vec<u8> {
        let plain = secret.expose_secret().as_bytes();
        self.sealer.seal(&context(&key.id), plain)
    }
}

#[async_trait]
impl Attestations for SqliteStore {
    async fn create_attest_key(&self, key: &AttestKey, secret: &SecretString) -> Result<()> {
        about(&key.id);
        let args = (key.clone(), self.seal_secret(key, secret));
        self.write("create_attest_key", args, |tx, (key, sealed)| {
            Box::pin(async move {
                match insert(tx, key, sealed).await? {
                    true => Ok(()),
                    false => Err(StoreError::Conflict(Conflict::AttestKeyInUse)),
                }
            })
        })
        .await
    }

    async fn rotate_attest_key(&self, key: &AttestKey, secret: &SecretString, now: Timestamp) -> Result<()> {
        about(&key.id);
        let args = (key.clone(), self.seal_secret(key, secret), millis(now));
        self.write("rotate_attest_key", args, |tx, (key, sealed, now)| {
            Box::pin(rotate(tx, key, sealed, *now))
        })
        .await
    }

    async fn attest_keys(&self) -> Result<Vec<AttestKey>> {
        let query =
            sqlx::query("SELECT * FROM attest_keys ORDER BY retired_at IS NULL DESC, retired_at DESC, id");
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(key_from_row).collect()
    }

    async fn attest_secret(&self) -> Result<Option<(AttestKey, SecretString)>> {
        let query = sqlx::query("SELECT * FROM attest_keys WHERE retired_at IS NULL");
        let row = query
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let key = key_from_row(&row)?;
        let plain = self.sealer.open(&context(&key.id), row.try_get("secret")?)?;
        let text = std::str::from_utf8(&plain).map_err(|_| unreadable(context(&key.id)))?;
        let secret = SecretString::from(text);
        Ok(Some((key, secret)))
    }

    async fn put_attestation(
        &self,
        cluster: &ClusterId,
        location: &str,
        attestation: &Attestation,
    ) -> Result<()> {
        let args = (cluster.clone(), location.to_owned(), attestation.clone());
        self.note("put_attestation", args, |tx, (cluster, location, attestation)| {
            Box::pin(put(tx, cluster, location, attestation))
        })
        .await
    }

    async fn attestation(
        &self,
        cluster: &ClusterId,
        location: &str,
        name: &str,
    ) -> Result<Option<Attestation>> {
        let query = sqlx::query(
            "SELECT * FROM attestations WHERE cluster_id = ? AND location = ? AND name = ? ORDER BY at DESC LIMIT 1",
        );
        let query = query.bind(cluster.as_str()).bind(location).bind(name);
        let row = query
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?;
        let read = |row: &SqliteRow| {
            Ok(Attestation {
                snapshot: row.try_get("snapshot")?,
                name: row.try_get("name")?,
                operation: row.try_get("operation_id")?,
                key: row.try_get("key_id")?,
                at: time(row, "at")?,
                document: row.try_get("document")?,
            })
        };
        row.as_ref().map(read).transpose()
    }

    async fn attested(
        &self,
        cluster: &ClusterId,
        location: &str,
        snapshots: &[&str],
    ) -> Result<HashMap<String, Timestamp>> {
        let query = sqlx::query_as(
            "SELECT snapshot, at FROM attestations WHERE cluster_id = ? AND location = ? \
             AND snapshot IN (SELECT value FROM json_each(?))",
        );
        let query = query
            .bind(cluster.as_str())
            .bind(location)
            .bind(to_json(&snapshots)?);
        let rows: Vec<(String, i64)> = query.fetch_all(&mut *self.reader_connection().await?).await?;
        let read = |(snapshot, at)| Ok((snapshot, time_of(at)?));
        rows.into_iter().map(read).collect()
    }
}

/// `false` when another key is in use.
async fn insert(tx: &mut Tx, key: &AttestKey, sealed: &[u8]) -> Result<bool> {
    let made = sqlx::query(
        "INSERT INTO attest_keys (id, public_key, secret, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&key.id)
    .bind(&key.public)
    .bind(sealed)
    .bind(millis(key.created_at))
    .execute(tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

async fn rotate(tx: &mut Tx, key: &AttestKey, sealed: &[u8], now: i64) -> Result<()> {
    let retired = sqlx::query("UPDATE attest_keys SET retired_at = ? WHERE retired_at IS NULL");
    if retired.bind(now).execute(&mut *tx).await?.rows_affected() == 0 {
        return Err(StoreError::NotFound("attest key"));
    }
    match insert(tx, key, sealed).await? {
        true => Ok(()),
        false => Err(StoreError::Conflict(Conflict::AttestKeyInUse)),
    }
}

async fn put(tx: &mut Tx, cluster: &ClusterId, location: &str, attestation: &Attestation) -> Result<()> {
    sqlx::query(
        "INSERT INTO attestations (cluster_id, location, snapshot, name, operation_id, key_id, at, document) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(cluster.as_str())
    .bind(location)
    .bind(&attestation.snapshot)
    .bind(&attestation.name)
    .bind(&attestation.operation)
    .bind(&attestation.key)
    .bind(millis(attestation.at))
    .bind(&attestation.document)
    .execute(tx)
    .await?;
    Ok(())
}

fn key_from_row(row: &SqliteRow) -> Result<AttestKey> {
    Ok(AttestKey {
        id: row.try_get("id")?,
        public: row.try_get("public_key")?,
        created_at: time(row, "created_at")?,
        retired_at: optional_time(row, "retired_at")?,
    })
}
