//! Sessions, and the one implementation of the trait for them and for second factors.

use super::super::audit::about;
use super::super::{Result, Sessions, StoreError};
use super::rows::{self, millis, optional_time, time};
use super::{SqliteStore, Tx, totp};
use crate::model::{Factor, Session, TotpDevice, TotpSecret};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;

/// The most sessions of one user.
const MOST: i64 = 1000;

#[async_trait]
impl Sessions for SqliteStore {
    async fn begin_session(&self, session: &Session) -> Result<()> {
        about(&session.user);
        self.write("begin_session", session.clone(), |tx, session| {
            Box::pin(begin(tx, session))
        })
        .await
    }

    async fn session(&self, id: &str) -> Result<Option<Session>> {
        get(&mut *self.reader_connection().await?, id).await
    }

    async fn end_session(&self, id: &str) -> Result<bool> {
        self.write("end_session", id.to_owned(), |tx, id| Box::pin(end(tx, id)))
            .await
    }

    async fn elevate_session(
        &self,
        id: &str,
        factor: &Factor,
        until: Timestamp,
        secret_hash: &[u8; 32],
    ) -> Result<bool> {
        let args = (id.to_owned(), factor.clone(), until, *secret_hash);
        self.write("elevate_session", args, |tx, (id, factor, until, hash)| {
            Box::pin(elevate(tx, id, factor, *until, hash))
        })
        .await
    }

    async fn lower_session(&self, id: &str, secret_hash: &[u8; 32]) -> Result<()> {
        let args = (id.to_owned(), *secret_hash);
        self.write("lower_session", args, |tx, (id, hash)| {
            Box::pin(set(tx, id, hash, None))
        })
        .await
    }

    async fn enrol_totp(&self, user: &str, device: &TotpSecret, now: Timestamp) -> Result<()> {
        let sealed = totp::seal(&self.sealer, user, device);
        let args = (user.to_owned(), device.id.clone(), sealed, now);
        self.write("enrol_totp", args, |tx, (user, id, sealed, now)| {
            Box::pin(totp::enrol(tx, user, id, sealed, *now))
        })
        .await
    }

    async fn confirm_totp(
        &self,
        user: &str,
        device: &str,
        step: i64,
        recovery: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<()> {
        let args = (user.to_owned(), device.to_owned(), step, recovery.to_vec(), now);
        self.write("confirm_totp", args, |tx, (user, device, step, recovery, now)| {
            Box::pin(totp::confirm(tx, user, device, *step, recovery, *now))
        })
        .await
    }

    async fn totp_device(&self, user: &str) -> Result<Option<TotpDevice>> {
        totp::device(&mut *self.reader_connection().await?, user).await
    }

    async fn totp_secret(&self, user: &str) -> Result<Option<TotpSecret>> {
        totp::secret(&mut *self.reader_connection().await?, &self.sealer, user).await
    }

    async fn remove_totp(&self, user: &str, factor: Option<&Factor>) -> Result<bool> {
        about(user);
        let args = (user.to_owned(), factor.cloned());
        self.write("remove_totp", args, |tx, (user, factor)| {
            Box::pin(totp::remove(tx, user, factor.as_ref()))
        })
        .await
    }
}

async fn begin(tx: &mut Tx, session: &Session) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
        .bind(millis(session.created_at))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "DELETE FROM sessions WHERE id IN \
         (SELECT id FROM sessions WHERE user = ? ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?)",
    )
    .bind(&session.user)
    .bind(MOST - 1)
    .execute(&mut *tx)
    .await?;
    let made = sqlx::query(
        "INSERT INTO sessions (id, secret_hash, user, created_at, expires_at, elevated_until) \
         SELECT ?, ?, name, ?, ?, ? FROM users WHERE name = ?",
    )
    .bind(&session.id)
    .bind(session.secret_hash.as_slice())
    .bind(millis(session.created_at))
    .bind(millis(session.expires_at))
    .bind(session.elevated_until.map(millis))
    .bind(&session.user)
    .execute(tx)
    .await?;
    if made.rows_affected() == 0 {
        Err(StoreError::NotFound("user"))
    } else {
        Ok(())
    }
}

async fn get(tx: &mut Tx, id: &str) -> Result<Option<Session>> {
    let row = sqlx::query("SELECT * FROM sessions WHERE id = ?")
        .bind(id)
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let hash: &[u8] = row.try_get("secret_hash")?;
    Ok(Some(Session {
        id: row.try_get("id")?,
        secret_hash: hash.try_into().map_err(rows::unreadable)?,
        user: row.try_get("user")?,
        created_at: time(&row, "created_at")?,
        expires_at: time(&row, "expires_at")?,
        elevated_until: optional_time(&row, "elevated_until")?,
    }))
}

async fn end(tx: &mut Tx, id: &str) -> Result<bool> {
    let gone = sqlx::query("DELETE FROM sessions WHERE id = ?").bind(id);
    Ok(gone.execute(tx).await?.rows_affected() > 0)
}

async fn elevate(
    tx: &mut Tx,
    id: &str,
    factor: &Factor,
    until: Timestamp,
    secret_hash: &[u8; 32],
) -> Result<bool> {
    let user: Option<String> = sqlx::query_scalar("SELECT user FROM sessions WHERE id = ?")
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
    let user = user.ok_or(StoreError::NotFound("session"))?;
    if !totp::spend(tx, &user, factor).await? {
        return Ok(false);
    }
    set(tx, id, secret_hash, Some(until)).await?;
    Ok(true)
}

async fn set(tx: &mut Tx, id: &str, secret_hash: &[u8; 32], until: Option<Timestamp>) -> Result<()> {
    let set = sqlx::query("UPDATE sessions SET secret_hash = ?, elevated_until = ? WHERE id = ?")
        .bind(secret_hash.as_slice())
        .bind(until.map(millis))
        .bind(id);
    if set.execute(tx).await?.rows_affected() == 0 {
        Err(StoreError::NotFound("session"))
    } else {
        Ok(())
    }
}
