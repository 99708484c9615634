//! Clusters, their sealed secrets and the last looks at them.

use super::super::{ClusterPage, Conflict, Result, StoreError};
use super::rows::{self, from_json, from_word, millis, time, to_word};
use super::{Tx, alerts, changes, fleet};
use crate::model::{ChangeKind, Cluster, ClusterId, ClusterSecrets, Health, Observation, Standing};
use crate::secrets::Sealer;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// The secrets as they are sealed.
#[derive(Serialize)]
struct Plain<'a> {
    username: Option<&'a str>,
    password: Option<&'a str>,
    api_key: Option<&'a str>,
    bearer: Option<&'a str>,
    client_certificate: Option<&'a str>,
    client_key: Option<&'a str>,
}

/// The secrets as they are opened.
#[derive(Deserialize)]
struct Opened {
    username: Option<String>,
    password: Option<SecretString>,
    api_key: Option<SecretString>,
    bearer: Option<SecretString>,
    client_certificate: Option<String>,
    client_key: Option<SecretString>,
}

fn context(id: &ClusterId) -> String {
    format!("clusters/{id}/secrets")
}

pub(super) fn seal(sealer: &Sealer, id: &ClusterId, secrets: &ClusterSecrets) -> Result<Vec<u8>> {
    let expose =
        |secret: &'_ Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    let secret = [
        &secrets.password,
        &secrets.api_key,
        &secrets.bearer,
        &secrets.client_key,
    ]
    .map(expose);
    let secret = zeroize::Zeroizing::new(secret);
    let plain = Plain {
        username: secrets.username.as_deref(),
        password: secret[0].as_deref(),
        api_key: secret[1].as_deref(),
        bearer: secret[2].as_deref(),
        client_certificate: secrets.client_certificate.as_deref(),
        client_key: secret[3].as_deref(),
    };
    rows::seal_json(sealer, &context(id), &plain)
}

pub(super) async fn secrets(tx: &mut Tx, sealer: &Sealer, id: &ClusterId) -> Result<ClusterSecrets> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT secrets FROM clusters WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(tx)
        .await?;
    let sealed = sealed.ok_or(StoreError::NotFound("cluster"))?;
    let opened: Opened = rows::open_json(sealer, &context(id), &sealed)?;
    Ok(ClusterSecrets {
        username: opened.username,
        password: opened.password,
        api_key: opened.api_key,
        bearer: opened.bearer,
        client_certificate: opened.client_certificate,
        client_key: opened.client_key,
    })
}

pub(super) async fn usernames(
    tx: &mut Tx,
    sealer: &Sealer,
    ids: &[ClusterId],
) -> Result<HashMap<ClusterId, String>> {
    let found = sqlx::query(
        "SELECT id, secrets FROM clusters WHERE auth = 'basic' AND id IN (SELECT value FROM json_each(?))",
    )
    .bind(rows::to_json(&ids)?)
    .fetch_all(tx)
    .await?;
    let mut usernames = HashMap::new();
    for row in found {
        let id: ClusterId = rows::name(row.try_get("id")?)?;
        let opened: Opened = rows::open_json(sealer, &context(&id), row.try_get("secrets")?)?;
        usernames.extend(opened.username.map(|username| (id, username)));
    }
    Ok(usernames)
}

/// The cluster that another cluster of this engine is attached as.
async fn other_with_uuid(tx: &mut Tx, cluster: &Cluster) -> Result<()> {
    let other: Option<String> = sqlx::query_scalar("SELECT id FROM clusters WHERE uuid = ? AND id <> ?")
        .bind(&cluster.uuid)
        .bind(cluster.id.as_str())
        .fetch_optional(tx)
        .await?;
    match other {
        Some(id) => Err(StoreError::Conflict(Conflict::ClusterUuid(rows::name(id)?))),
        None => Ok(()),
    }
}

fn folded(cluster: &Cluster) -> String {
    format!("{}\n{}", cluster.id, cluster.name).to_lowercase()
}

pub(super) async fn attach(tx: &mut Tx, cluster: &Cluster, sealed: &[u8]) -> Result<()> {
    if get(tx, &cluster.id).await?.is_some() {
        return Err(StoreError::Conflict(Conflict::ClusterId(cluster.id.clone())));
    }
    other_with_uuid(tx, cluster).await?;
    sqlx::query(
        "INSERT INTO clusters (id, name, folded, url, access, auth, uuid, distribution, engine_version, ca, \
         fingerprint, allow_plain_http, repository, engine_repository, location, secrets, created_at, updated_at, \
         version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
    )
    .bind(cluster.id.as_str())
    .bind(&cluster.name)
    .bind(folded(cluster))
    .bind(&cluster.url)
    .bind(to_word(&cluster.access)?)
    .bind(to_word(&cluster.auth)?)
    .bind(&cluster.uuid)
    .bind(&cluster.distribution)
    .bind(&cluster.engine_version)
    .bind(&cluster.ca)
    .bind(&cluster.fingerprint)
    .bind(cluster.allow_plain_http)
    .bind(cluster.repository.as_ref().map(|name| name.as_str()))
    .bind(cluster.engine_repository.as_ref().map(|name| name.as_str()))
    .bind(&cluster.location)
    .bind(sealed)
    .bind(millis(cluster.created_at))
    .bind(millis(cluster.updated_at))
    .execute(&mut *tx)
    .await?;
    changes::of_cluster(tx, ChangeKind::ClusterAttached, &cluster.id, &told(cluster)).await
}

/// What a change tells of a cluster.
fn told(cluster: &Cluster) -> serde_json::Value {
    serde_json::json!({ "name": cluster.name, "access": cluster.access })
}

pub(super) async fn update(tx: &mut Tx, cluster: &Cluster, sealed: Option<&[u8]>) -> Result<Cluster> {
    let present = get(tx, &cluster.id)
        .await?
        .ok_or(StoreError::NotFound("cluster"))?;
    if present.version != cluster.version {
        let (expected, found) = (cluster.version, present.version);
        return Err(StoreError::Conflict(Conflict::Version { expected, found }));
    }
    other_with_uuid(tx, cluster).await?;
    let row = sqlx::query(
        "UPDATE clusters SET name = ?, folded = ?, url = ?, access = ?, auth = ?, uuid = ?, distribution = ?, \
         engine_version = ?, ca = ?, fingerprint = ?, allow_plain_http = ?, repository = ?, engine_repository = ?, \
         location = ?, secrets = coalesce(?, secrets), updated_at = ?, version = version + 1 \
         WHERE id = ? RETURNING *",
    )
    .bind(&cluster.name)
    .bind(folded(cluster))
    .bind(&cluster.url)
    .bind(to_word(&cluster.access)?)
    .bind(to_word(&cluster.auth)?)
    .bind(&cluster.uuid)
    .bind(&cluster.distribution)
    .bind(&cluster.engine_version)
    .bind(&cluster.ca)
    .bind(&cluster.fingerprint)
    .bind(cluster.allow_plain_http)
    .bind(cluster.repository.as_ref().map(|name| name.as_str()))
    .bind(cluster.engine_repository.as_ref().map(|name| name.as_str()))
    .bind(&cluster.location)
    .bind(sealed)
    .bind(millis(cluster.updated_at))
    .bind(cluster.id.as_str())
    .fetch_one(&mut *tx)
    .await?;
    changes::of_cluster(tx, ChangeKind::ClusterChanged, &cluster.id, &told(cluster)).await?;
    from_row(&row)
}

pub(super) async fn get(tx: &mut Tx, id: &ClusterId) -> Result<Option<Cluster>> {
    let row = sqlx::query("SELECT * FROM clusters WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(from_row).transpose()
}

pub(super) async fn by_ids(tx: &mut Tx, ids: &[ClusterId]) -> Result<HashMap<ClusterId, Cluster>> {
    let found = sqlx::query("SELECT * FROM clusters WHERE id IN (SELECT value FROM json_each(?))")
        .bind(rows::to_json(&ids)?)
        .fetch_all(tx)
        .await?;
    let read = |row: &SqliteRow| from_row(row).map(|cluster| (cluster.id.clone(), cluster));
    found.iter().map(read).collect()
}

pub(super) async fn list(tx: &mut Tx, page: &ClusterPage) -> Result<(Vec<Cluster>, u64)> {
    let contains = page.contains.as_deref().unwrap_or_default().to_lowercase();
    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM clusters WHERE instr(folded, ?) > 0")
        .bind(&contains)
        .fetch_one(&mut *tx)
        .await?;
    let found = sqlx::query("SELECT * FROM clusters WHERE instr(folded, ?) > 0 ORDER BY id LIMIT ? OFFSET ?")
        .bind(&contains)
        .bind(page.size.map_or(-1, rows::signed))
        .bind(rows::signed(page.from))
        .fetch_all(tx)
        .await?;
    let clusters = found.iter().map(from_row).collect::<Result<_>>()?;
    Ok((clusters, rows::count(total)))
}

pub(super) async fn detach(tx: &mut Tx, id: &ClusterId) -> Result<()> {
    let running: Option<String> = sqlx::query_scalar(
        "SELECT id FROM operations WHERE cluster_id = ? AND status IN ('queued', 'running') \
         AND kind <> 'deliver_webhook' ORDER BY id LIMIT 1",
    )
    .bind(id.as_str())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(operation) = running {
        return Err(StoreError::Conflict(Conflict::OperationRunning(operation)));
    }
    let gone = sqlx::query("DELETE FROM clusters WHERE id = ?")
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    if gone.rows_affected() == 0 {
        return Err(StoreError::NotFound("cluster"));
    }
    changes::of_cluster(tx, ChangeKind::ClusterDetached, id, &serde_json::json!({})).await
}

pub(super) async fn put_observation(
    tx: &mut Tx,
    id: &ClusterId,
    document: &str,
    health: &Health,
    standing: Standing,
) -> Result<()> {
    let kept = sqlx::query(
        "INSERT INTO observations (cluster_id, document) SELECT id, ? FROM clusters WHERE id = ? \
         ON CONFLICT (cluster_id) DO UPDATE SET document = excluded.document \
         WHERE julianday(excluded.document ->> 'at') >= julianday(document ->> 'at')",
    )
    .bind(document)
    .bind(id.as_str())
    .execute(&mut *tx)
    .await?;
    if kept.rows_affected() > 0 {
        fleet::put_standing(tx, id, standing).await?;
        return alerts::note(tx, id, health).await;
    }
    // Not kept: a newer look is there, or the cluster is not.
    let attached: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM clusters WHERE id = ?)")
        .bind(id.as_str())
        .fetch_one(tx)
        .await?;
    if attached {
        Ok(())
    } else {
        Err(StoreError::NotFound("cluster"))
    }
}

pub(super) async fn observations(tx: &mut Tx, ids: &[ClusterId]) -> Result<HashMap<ClusterId, Observation>> {
    let found = sqlx::query(
        "SELECT cluster_id, document FROM observations WHERE cluster_id IN (SELECT value FROM json_each(?))",
    )
    .bind(rows::to_json(&ids)?)
    .fetch_all(tx)
    .await?;
    let read = |row: &SqliteRow| {
        let document: String = row.try_get("document")?;
        Ok((rows::name(row.try_get("cluster_id")?)?, from_json(&document)?))
    };
    found.iter().map(read).collect()
}

pub(super) fn from_row(row: &SqliteRow) -> Result<Cluster> {
    let optional_name = |column: &str| {
        row.try_get::<Option<String>, _>(column)?
            .map(rows::name)
            .transpose()
    };
    Ok(Cluster {
        id: rows::name(row.try_get("id")?)?,
        name: row.try_get("name")?,
        url: row.try_get("url")?,
        access: from_word(row.try_get("access")?)?,
        auth: from_word(row.try_get("auth")?)?,
        uuid: row.try_get("uuid")?,
        distribution: row.try_get("distribution")?,
        engine_version: row.try_get("engine_version")?,
        ca: row.try_get("ca")?,
        fingerprint: row.try_get("fingerprint")?,
        allow_plain_http: row.try_get("allow_plain_http")?,
        repository: optional_name("repository")?,
        engine_repository: optional_name("engine_repository")?,
        location: row.try_get("location")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        version: row.try_get("version")?,
    })
}
