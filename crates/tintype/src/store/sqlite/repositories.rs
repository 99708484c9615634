//! Platform repositories, their sealed settings and readers.

use super::super::{Conflict, Result, StoreError};
use super::rows::{self, from_json, millis, time};
use super::{Tx, changes};
use crate::model::{ChangeKind, PlatformRepository, Reader, RepositoryName};
use crate::secrets::Sealer;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Serialize)]
struct PlainReader<'a> {
    url: &'a str,
    endpoint: Option<&'a str>,
    region: Option<&'a str>,
    username: Option<&'a str>,
    password: Option<&'a str>,
}

#[derive(Deserialize)]
struct OpenedReader {
    url: String,
    endpoint: Option<String>,
    region: Option<String>,
    username: Option<String>,
    password: Option<SecretString>,
}

fn context(name: &RepositoryName, column: &str) -> String {
    format!("repositories/{name}/{column}")
}

pub(super) fn seal(sealer: &Sealer, name: &RepositoryName, secrets: &SecretString) -> Vec<u8> {
    sealer.seal(&context(name, "secrets"), secrets.expose_secret().as_bytes())
}

pub(super) fn seal_reader(sealer: &Sealer, name: &RepositoryName, reader: &Reader) -> Result<Vec<u8>> {
    let plain = PlainReader {
        url: &reader.url,
        endpoint: reader.endpoint.as_deref(),
        region: reader.region.as_deref(),
        username: reader.username.as_deref(),
        password: reader.password.as_ref().map(|password| password.expose_secret()),
    };
    rows::seal_json(sealer, &context(name, "reader"), &plain)
}

pub(super) async fn put(
    tx: &mut Tx,
    repository: &PlatformRepository,
    sealed: Option<&[u8]>,
    expected: Option<i64>,
) -> Result<PlatformRepository> {
    let found = get(tx, &repository.name)
        .await?
        .map_or(0, |present| present.version);
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        return Err(StoreError::Conflict(Conflict::Version { expected, found }));
    }
    let row = sqlx::query(
        "INSERT INTO repositories (name, kind, settings, secrets, preflight, created_at, updated_at, version) \
         VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, \
         settings = excluded.settings, secrets = coalesce(excluded.secrets, secrets), \
         preflight = excluded.preflight, updated_at = excluded.updated_at, version = version + 1 RETURNING *",
    )
    .bind(repository.name.as_str())
    .bind(&repository.kind)
    .bind(rows::to_json(&repository.settings)?)
    .bind(sealed)
    .bind(&repository.preflight)
    .bind(millis(repository.created_at))
    .bind(millis(repository.updated_at))
    .fetch_one(&mut *tx)
    .await?;
    changes::of_repository(tx, ChangeKind::RepositoryChanged, repository.name.as_str()).await?;
    from_row(&row)
}

pub(super) async fn get(tx: &mut Tx, name: &RepositoryName) -> Result<Option<PlatformRepository>> {
    let query = sqlx::query("SELECT * FROM repositories WHERE name = ?").bind(name.as_str());
    query.fetch_optional(tx).await?.as_ref().map(from_row).transpose()
}

pub(super) async fn list(tx: &mut Tx) -> Result<Vec<PlatformRepository>> {
    let found = sqlx::query("SELECT * FROM repositories ORDER BY name")
        .fetch_all(tx)
        .await?;
    found.iter().map(from_row).collect()
}

pub(super) async fn delete(tx: &mut Tx, name: &RepositoryName, cleanup: bool) -> Result<()> {
    if get(tx, name).await?.is_none() {
        return Err(StoreError::NotFound("repository"));
    }
    if cleanup {
        let unset: Vec<String> = sqlx::query_scalar(
            "UPDATE clusters SET repository = NULL, version = version + 1 WHERE repository = ? RETURNING id",
        )
        .bind(name.as_str())
        .fetch_all(&mut *tx)
        .await?;
        for cluster in unset {
            let document = serde_json::json!({ "repository": null });
            changes::of_cluster(tx, ChangeKind::ClusterChanged, &rows::name(cluster)?, &document).await?;
        }
    }
    let user: Option<String> =
        sqlx::query_scalar("SELECT id FROM clusters WHERE repository = ? ORDER BY id LIMIT 1")
            .bind(name.as_str())
            .fetch_optional(&mut *tx)
            .await?;
    if let Some(id) = user {
        return Err(StoreError::Conflict(Conflict::Referenced(rows::name(id)?)));
    }
    sqlx::query("DELETE FROM repositories WHERE name = ?")
        .bind(name.as_str())
        .execute(&mut *tx)
        .await?;
    changes::of_repository(tx, ChangeKind::RepositoryDeleted, name.as_str()).await
}

pub(super) async fn set_default(tx: &mut Tx, name: Option<&RepositoryName>) -> Result<()> {
    let before: Vec<String> =
        sqlx::query_scalar("UPDATE repositories SET is_default = 0 WHERE is_default = 1 RETURNING name")
            .fetch_all(&mut *tx)
            .await?;
    for other in before
        .iter()
        .filter(|other| name.is_none_or(|name| name.as_str() != *other))
    {
        changes::of_repository(tx, ChangeKind::RepositoryChanged, other).await?;
    }
    let Some(name) = name else { return Ok(()) };
    let set = sqlx::query("UPDATE repositories SET is_default = 1 WHERE name = ?");
    let set = set.bind(name.as_str()).execute(&mut *tx).await?;
    if set.rows_affected() == 0 {
        return Err(StoreError::NotFound("repository"));
    }
    changes::of_repository(tx, ChangeKind::RepositoryChanged, name.as_str()).await
}

pub(super) async fn put_reader(tx: &mut Tx, name: &RepositoryName, sealed: Option<&[u8]>) -> Result<()> {
    let set = sqlx::query("UPDATE repositories SET reader = ? WHERE name = ?")
        .bind(sealed)
        .bind(name.as_str());
    let set = set.execute(&mut *tx).await?;
    if set.rows_affected() == 0 {
        return Err(StoreError::NotFound("repository"));
    }
    changes::of_repository(tx, ChangeKind::RepositoryChanged, name.as_str()).await
}

pub(super) async fn reader(tx: &mut Tx, sealer: &Sealer, name: &RepositoryName) -> Result<Option<Reader>> {
    let sealed: Option<Option<Vec<u8>>> =
        sqlx::query_scalar("SELECT reader FROM repositories WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(tx)
            .await?;
    let Some(sealed) = sealed.flatten() else {
        return Ok(None);
    };
    let opened: OpenedReader = rows::open_json(sealer, &context(name, "reader"), &sealed)?;
    Ok(Some(Reader {
        url: opened.url,
        endpoint: opened.endpoint,
        region: opened.region,
        username: opened.username,
        password: opened.password,
    }))
}

pub(super) async fn secrets(
    tx: &mut Tx,
    sealer: &Sealer,
    name: &RepositoryName,
) -> Result<Option<SecretString>> {
    let sealed: Option<Option<Vec<u8>>> =
        sqlx::query_scalar("SELECT secrets FROM repositories WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(tx)
            .await?;
    let Some(sealed) = sealed.flatten() else {
        return Ok(None);
    };
    let context = context(name, "secrets");
    let plain = sealer.open(&context, &sealed)?;
    let text =
        std::str::from_utf8(&plain).map_err(|_| rows::unreadable(format_args!("the sealed {context}")))?;
    Ok(Some(text.into()))
}

fn from_row(row: &SqliteRow) -> Result<PlatformRepository> {
    Ok(PlatformRepository {
        name: rows::name(row.try_get("name")?)?,
        kind: row.try_get("kind")?,
        settings: from_json(row.try_get("settings")?)?,
        is_default: row.try_get("is_default")?,
        has_reader: row.try_get::<Option<Vec<u8>>, _>("reader")?.is_some(),
        preflight: row.try_get("preflight")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        version: row.try_get("version")?,
    })
}
