//! Second factors: a device for each user, and its recovery codes.

use super::super::{Conflict, Result, StoreError};
use super::Tx;
use super::rows::{self, millis, optional_time, time};
use crate::model::{Factor, TotpDevice, TotpSecret};
use crate::secrets::Sealer;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sqlx::Row;

fn context(user: &str) -> String {
    format!("totp_devices/{user}/secret")
}

pub(super) fn seal(sealer: &Sealer, user: &str, device: &TotpSecret) -> Vec<u8> {
    sealer.seal(&context(user), device.secret.expose_secret().as_bytes())
}

pub(super) async fn enrol(tx: &mut Tx, user: &str, id: &str, sealed: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query("DELETE FROM totp_devices WHERE user = ? AND confirmed_at IS NULL")
        .bind(user)
        .execute(&mut *tx)
        .await?;
    let made = sqlx::query(
        "INSERT INTO totp_devices (user, id, secret, created_at) SELECT name, ?, ?, ? FROM users WHERE name = ? \
         ON CONFLICT (user) DO NOTHING",
    )
    .bind(id)
    .bind(sealed)
    .bind(millis(now))
    .bind(user)
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() > 0 {
        return Ok(());
    }
    match device(tx, user).await? {
        Some(_) => Err(StoreError::Conflict(Conflict::TotpEnrolled)),
        None => Err(StoreError::NotFound("user")),
    }
}

pub(super) async fn confirm(
    tx: &mut Tx,
    user: &str,
    device: &str,
    step: i64,
    recovery: &[[u8; 32]],
    now: Timestamp,
) -> Result<()> {
    let confirmed = sqlx::query(
        "UPDATE totp_devices SET confirmed_at = ?, last_step = ? WHERE user = ? AND id = ? AND confirmed_at IS NULL",
    )
    .bind(millis(now))
    .bind(step)
    .bind(user)
    .bind(device)
    .execute(&mut *tx)
    .await?;
    if confirmed.rows_affected() == 0 {
        return Err(StoreError::NotFound("unconfirmed TOTP device"));
    }
    for hash in recovery {
        sqlx::query("INSERT INTO recovery_codes (user, hash) VALUES (?, ?)")
            .bind(user)
            .bind(hash.as_slice())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

pub(super) async fn device(tx: &mut Tx, user: &str) -> Result<Option<TotpDevice>> {
    let row = sqlx::query(
        "SELECT id, created_at, confirmed_at, \
         (SELECT count(*) FROM recovery_codes WHERE recovery_codes.user = totp_devices.user) AS codes \
         FROM totp_devices WHERE user = ?",
    )
    .bind(user)
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(TotpDevice {
        id: row.try_get("id")?,
        created_at: time(&row, "created_at")?,
        confirmed_at: optional_time(&row, "confirmed_at")?,
        recovery_codes: rows::count(row.try_get("codes")?),
    }))
}

pub(super) async fn secret(tx: &mut Tx, sealer: &Sealer, user: &str) -> Result<Option<TotpSecret>> {
    let row = sqlx::query("SELECT id, secret, confirmed_at FROM totp_devices WHERE user = ?")
        .bind(user)
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let plain = sealer.open(&context(user), row.try_get("secret")?)?;
    let text = std::str::from_utf8(&plain).map_err(rows::unreadable)?;
    Ok(Some(TotpSecret {
        id: row.try_get("id")?,
        secret: SecretString::from(text),
        confirmed: row.try_get::<Option<i64>, _>("confirmed_at")?.is_some(),
    }))
}

/// Uses a factor up; `false` when it is not good or was used before.
pub(super) async fn spend(tx: &mut Tx, user: &str, factor: &Factor) -> Result<bool> {
    let spent = match factor {
        Factor::Step { device, step } => {
            sqlx::query(
                "UPDATE totp_devices SET last_step = ? \
                 WHERE user = ? AND id = ? AND last_step < ? AND confirmed_at IS NOT NULL",
            )
            .bind(step)
            .bind(user)
            .bind(device)
            .bind(step)
            .execute(tx)
            .await?
        }
        Factor::Recovery(hash) => {
            sqlx::query("DELETE FROM recovery_codes WHERE user = ? AND hash = ?")
                .bind(user)
                .bind(hash.as_slice())
                .execute(tx)
                .await?
        }
    };
    Ok(spent.rows_affected() > 0)
}

pub(super) async fn remove(tx: &mut Tx, user: &str, factor: Option<&Factor>) -> Result<bool> {
    if let Some(factor) = factor
        && !spend(tx, user, factor).await?
    {
        return Ok(false);
    }
    let gone = sqlx::query("DELETE FROM totp_devices WHERE user = ?")
        .bind(user)
        .execute(&mut *tx)
        .await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("UPDATE sessions SET elevated_until = NULL WHERE user = ?")
        .bind(user)
        .execute(tx)
        .await?;
    Ok(true)
}
