//! Users and their API keys.

use super::super::audit::{about, detail};
use super::super::{Accounts, Conflict, Result, StoreError};
use super::rows::{self, from_json, millis, time};
use super::{SqliteStore, Tx};
use crate::model::{ApiKey, Operator, Role, UserChange};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_user(&self, user: &Operator) -> Result<()> {
        about(&user.name);
        self.write("create_user", user.clone(), |tx, user| Box::pin(create(tx, user)))
            .await
    }

    async fn user(&self, name: &str) -> Result<Option<Operator>> {
        get(&mut *self.reader_connection().await?, name).await
    }

    async fn users(&self) -> Result<Vec<Operator>> {
        let query = sqlx::query("SELECT * FROM users ORDER BY name");
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(user_from_row).collect()
    }

    async fn user_count(&self) -> Result<u64> {
        let query = sqlx::query_scalar("SELECT count(*) FROM users");
        Ok(rows::count(
            query.fetch_one(&mut *self.reader_connection().await?).await?,
        ))
    }

    async fn change_user(
        &self,
        name: &str,
        change: &UserChange,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Operator> {
        about(name);
        let args = (name.to_owned(), change.clone(), by.map(str::to_owned), now);
        self.write("change_user", args, |tx, (name, asked, by, now)| {
            Box::pin(change_user(tx, name, asked, by.as_deref(), *now))
        })
        .await
    }

    async fn delete_user(&self, name: &str) -> Result<()> {
        about(name);
        self.write("delete_user", name.to_owned(), |tx, name| {
            Box::pin(delete(tx, name))
        })
        .await
    }

    async fn create_api_key(&self, key: &ApiKey) -> Result<()> {
        about(format!("{}/{}", key.user, key.id));
        self.write("create_api_key", key.clone(), |tx, key| {
            Box::pin(create_api_key(tx, key))
        })
        .await
    }

    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>> {
        let query = sqlx::query("SELECT * FROM api_keys WHERE id = ?").bind(id);
        let row = query
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?;
        row.as_ref().map(key_from_row).transpose()
    }

    async fn api_keys(&self, user: &str) -> Result<Vec<ApiKey>> {
        let query = sqlx::query("SELECT * FROM api_keys WHERE user = ? ORDER BY created_at, id").bind(user);
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(key_from_row).collect()
    }

    async fn all_api_keys(&self) -> Result<Vec<ApiKey>> {
        let query = sqlx::query("SELECT * FROM api_keys ORDER BY created_at, id");
        let rows = query.fetch_all(&mut *self.reader_connection().await?).await?;
        rows.iter().map(key_from_row).collect()
    }

    async fn delete_api_keys(&self, keys: &[(String, String)]) -> Result<u64> {
        self.say_which(keys).await?;
        self.write("delete_api_keys", keys.to_vec(), |tx, keys| {
            Box::pin(delete_api_keys(tx, keys))
        })
        .await
    }

    async fn delete_api_keys_of(&self, user: &str) -> Result<u64> {
        about(user);
        self.write("delete_api_keys_of", user.to_owned(), |tx, user| {
            Box::pin(delete_api_keys_of(tx, user))
        })
        .await
    }
}

impl SqliteStore {
    /// For the audit log: those keys that there are. What names none may be anything, so that it is not written down.
    async fn say_which(&self, keys: &[(String, String)]) -> Result<()> {
        let query = sqlx::query_scalar(
            "SELECT keys.user || '/' || keys.id FROM api_keys AS keys JOIN json_each(?) AS asked \
             ON keys.user = asked.value ->> 0 AND keys.id = asked.value ->> 1 ORDER BY keys.user, keys.id",
        );
        let found: Vec<String> = query
            .bind(rows::to_json(&keys)?)
            .fetch_all(&mut *self.reader_connection().await?)
            .await?;
        match &found[..] {
            [one] => about(one),
            _ => detail(found.join(", ")),
        }
        Ok(())
    }
}

async fn create(tx: &mut Tx, user: &Operator) -> Result<()> {
    let made = sqlx::query(
        "INSERT INTO users (name, password_hash, roles, enabled, full_name, email, builtin, created_by, created_at, \
         updated_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&user.name)
    .bind(&user.password_hash)
    .bind(rows::to_json(&user.roles)?)
    .bind(user.enabled)
    .bind(&user.full_name)
    .bind(&user.email)
    .bind(user.builtin)
    .bind(&user.created_by)
    .bind(millis(user.created_at))
    .bind(&user.updated_by)
    .bind(millis(user.updated_at))
    .execute(tx)
    .await?;
    if made.rows_affected() == 0 {
        Err(StoreError::Conflict(Conflict::UserExists))
    } else {
        Ok(())
    }
}

async fn get(tx: &mut Tx, name: &str) -> Result<Option<Operator>> {
    let query = sqlx::query("SELECT * FROM users WHERE name = ?").bind(name);
    query
        .fetch_optional(tx)
        .await?
        .as_ref()
        .map(user_from_row)
        .transpose()
}

async fn existing(tx: &mut Tx, name: &str) -> Result<Operator> {
    get(tx, name).await?.ok_or(StoreError::NotFound("user"))
}

async fn change_user(
    tx: &mut Tx,
    name: &str,
    change: &UserChange,
    by: Option<&str>,
    now: Timestamp,
) -> Result<Operator> {
    let before = existing(tx, name).await?;
    let after = before.changed(change, by, now);
    let after = after.map_err(|_| StoreError::Conflict(Conflict::BuiltInUser))?;
    let update = sqlx::query(
        "UPDATE users SET password_hash = ?, roles = ?, enabled = ?, full_name = ?, email = ?, updated_by = ?, \
         updated_at = ? WHERE name = ?",
    )
    .bind(&after.password_hash)
    .bind(rows::to_json(&after.roles)?)
    .bind(after.enabled)
    .bind(&after.full_name)
    .bind(&after.email)
    .bind(&after.updated_by)
    .bind(millis(after.updated_at))
    .bind(name);
    update.execute(&mut *tx).await?;
    if before.is_admin() && !after.is_admin() {
        an_admin_is_left(tx).await?;
    }
    existing(tx, name).await
}

async fn delete(tx: &mut Tx, name: &str) -> Result<()> {
    let user = existing(tx, name).await?;
    if user.builtin {
        return Err(StoreError::Conflict(Conflict::BuiltInUser));
    }
    let gone = sqlx::query("DELETE FROM users WHERE name = ?").bind(name);
    gone.execute(&mut *tx).await?;
    if user.is_admin() {
        an_admin_is_left(tx).await?;
    }
    Ok(())
}

/// Looked at after the change, which is undone when this fails.
async fn an_admin_is_left(tx: &mut Tx) -> Result<()> {
    let left: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM users, json_each(users.roles) AS role \
         WHERE users.enabled = 1 AND role.value = ?)",
    )
    .bind(Role::EcePlatformAdmin.as_str())
    .fetch_one(tx)
    .await?;
    if left {
        Ok(())
    } else {
        Err(StoreError::Conflict(Conflict::LastAdmin))
    }
}

async fn create_api_key(tx: &mut Tx, key: &ApiKey) -> Result<()> {
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

async fn delete_api_keys(tx: &mut Tx, keys: &[(String, String)]) -> Result<u64> {
    let mut gone = 0;
    for (user, id) in keys {
        let query = sqlx::query("DELETE FROM api_keys WHERE user = ? AND id = ?")
            .bind(user)
            .bind(id);
        gone += query.execute(&mut *tx).await?.rows_affected();
    }
    Ok(gone)
}

async fn delete_api_keys_of(tx: &mut Tx, user: &str) -> Result<u64> {
    existing(tx, user).await?;
    let query = sqlx::query("DELETE FROM api_keys WHERE user = ?").bind(user);
    Ok(query.execute(tx).await?.rows_affected())
}

fn user_from_row(row: &SqliteRow) -> Result<Operator> {
    Ok(Operator {
        name: row.try_get("name")?,
        password_hash: row.try_get("password_hash")?,
        roles: from_json(row.try_get("roles")?)?,
        enabled: row.try_get("enabled")?,
        full_name: row.try_get("full_name")?,
        email: row.try_get("email")?,
        builtin: row.try_get("builtin")?,
        created_by: row.try_get("created_by")?,
        created_at: time(row, "created_at")?,
        updated_by: row.try_get("updated_by")?,
        updated_at: time(row, "updated_at")?,
    })
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
