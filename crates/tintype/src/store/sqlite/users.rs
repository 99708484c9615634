//! Users and their API keys.

use super::super::{Conflict, Result, StoreError};
use super::Tx;
use super::rows::{self, from_json, millis, time};
use crate::model::{ApiKey, Operator};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

pub(super) async fn create(tx: &mut Tx, user: &Operator, now: Timestamp) -> Result<()> {
    let made = sqlx::query(
        "INSERT INTO users (name, password_hash, roles, enabled, created_at) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(&user.name)
    .bind(&user.password_hash)
    .bind(rows::to_json(&user.roles)?)
    .bind(user.enabled)
    .bind(millis(now))
    .execute(tx)
    .await?;
    if made.rows_affected() == 0 {
        Err(StoreError::Conflict(Conflict::UserExists))
    } else {
        Ok(())
    }
}

pub(super) async fn get(tx: &mut Tx, name: &str) -> Result<Option<Operator>> {
    let row = sqlx::query("SELECT * FROM users WHERE name = ?")
        .bind(name)
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Operator {
        name: row.try_get("name")?,
        password_hash: row.try_get("password_hash")?,
        roles: from_json(row.try_get("roles")?)?,
        enabled: row.try_get("enabled")?,
    }))
}

pub(super) async fn count(tx: &mut Tx) -> Result<u64> {
    Ok(rows::count(
        sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(tx)
            .await?,
    ))
}

pub(super) async fn set_password(tx: &mut Tx, name: &str, password_hash: &str) -> Result<()> {
    let set = sqlx::query("UPDATE users SET password_hash = ? WHERE name = ?")
        .bind(password_hash)
        .bind(name);
    let set = set.execute(tx).await?;
    if set.rows_affected() == 0 {
        Err(StoreError::NotFound("user"))
    } else {
        Ok(())
    }
}

pub(super) async fn create_api_key(tx: &mut Tx, key: &ApiKey) -> Result<()> {
    let made = sqlx::query(
        "INSERT INTO api_keys (id, secret_hash, user, description, created_at, elevated) \
         SELECT ?, ?, name, ?, ?, ? FROM users WHERE name = ?",
    )
    .bind(&key.id)
    .bind(key.secret_hash.as_slice())
    .bind(&key.description)
    .bind(millis(key.created_at))
    .bind(key.elevated)
    .bind(&key.user)
    .execute(tx)
    .await?;
    if made.rows_affected() == 0 {
        Err(StoreError::NotFound("user"))
    } else {
        Ok(())
    }
}

pub(super) async fn api_key(tx: &mut Tx, id: &str) -> Result<Option<ApiKey>> {
    let row = sqlx::query("SELECT * FROM api_keys WHERE id = ?")
        .bind(id)
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(key_from_row).transpose()
}

pub(super) async fn api_keys(tx: &mut Tx, user: &str) -> Result<Vec<ApiKey>> {
    let query = sqlx::query("SELECT * FROM api_keys WHERE user = ? ORDER BY created_at, id").bind(user);
    query.fetch_all(tx).await?.iter().map(key_from_row).collect()
}

pub(super) async fn delete_api_key(tx: &mut Tx, user: &str, id: &str) -> Result<bool> {
    let gone = sqlx::query("DELETE FROM api_keys WHERE user = ? AND id = ?")
        .bind(user)
        .bind(id);
    Ok(gone.execute(tx).await?.rows_affected() > 0)
}

fn key_from_row(row: &SqliteRow) -> Result<ApiKey> {
    let hash: &[u8] = row.try_get("secret_hash")?;
    Ok(ApiKey {
        id: row.try_get("id")?,
        secret_hash: hash.try_into().map_err(rows::unreadable)?,
        user: row.try_get("user")?,
        description: row.try_get("description")?,
        created_at: time(row, "created_at")?,
        elevated: row.try_get("elevated")?,
    })
}
