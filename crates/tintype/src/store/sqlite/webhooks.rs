//! Webhooks with their sealed secrets, and beginning deliveries.

use super::super::audit::about;
use super::super::webhooks::Webhooks;
use super::super::{Conflict, Result, StoreError};
use super::rows::{self, from_json, millis, time};
use super::{SqliteStore, Tx, operations};
use crate::ids;
use crate::model::webhook::{DeliveryParameters, DeliveryState};
use crate::model::{Operation, OperationKind, STATE_VERSION, Webhook, WebhookEvent};
use crate::secrets::Sealer;
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Who asks for deliveries that nobody asked for.
const TINTYPE: &str = "tintype";

fn seal(sealer: &Sealer, id: &str, secret: &SecretString) -> Vec<u8> {
    sealer.seal(&context(id), secret.expose_secret().as_bytes())
}

fn context(id: &str) -> String {
    format!("webhooks/{id}/secret")
}

/// What webhooks are told.
pub(super) struct Notice<'a> {
    pub(super) event: WebhookEvent,
    pub(super) cluster: &'a str,
    pub(super) at: i64,
    /// The event's own members.
    pub(super) data: Value,
}

/// Begins a delivery for each webhook that wants to hear of this, in the transaction that makes it so.
pub(super) async fn notify(tx: &mut Tx, mut notice: Notice<'_>) -> Result<()> {
    let wanted: Vec<Webhook> = list(tx)
        .await?
        .into_iter()
        .filter(|webhook| webhook.wants(notice.event, notice.cluster))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let name: Option<String> = sqlx::query_scalar("SELECT name FROM clusters WHERE id = ?")
        .bind(notice.cluster)
        .fetch_optional(&mut *tx)
        .await?;
    notice.data["cluster"] = json!({ "id": notice.cluster, "name": name });
    for webhook in wanted {
        begin(tx, &webhook.id, TINTYPE, &notice).await?;
    }
    Ok(())
}

async fn begin(tx: &mut Tx, webhook: &str, requested_by: &str, notice: &Notice<'_>) -> Result<Operation> {
    let at = rows::time_of(notice.at)?;
    let parameters = DeliveryParameters {
        webhook_id: webhook.to_owned(),
        event: notice.event,
        payload: json!({ "type": notice.event, "timestamp": at.to_string(), "data": notice.data }),
    };
    let row = sqlx::query(
        "INSERT INTO operations (id, kind, cluster_id, requested_by, parameters, status, state, due_at, created_at, \
         updated_at) VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?7, ?7) RETURNING *",
    )
    .bind(ids::time_ordered(at))
    .bind(OperationKind::DeliverWebhook.as_str())
    .bind(notice.cluster)
    .bind(requested_by)
    .bind(rows::to_json(&parameters)?)
    .bind(rows::to_json(&json!({ "version": STATE_VERSION, "state": DeliveryState::Preparing }))?)
    .bind(notice.at)
    .fetch_one(&mut *tx)
    .await?;
    let operation = operations::from_row(&row)?;
    let why = format!("{} for webhook {webhook}", notice.event.as_str());
    operations::append_event(tx, &operation.id, notice.at, "queued", &why).await?;
    Ok(operation)
}

#[async_trait]
impl Webhooks for SqliteStore {
    async fn create_webhook(&self, webhook: &Webhook, secret: &SecretString) -> Result<Webhook> {
        about(&webhook.id);
        let args = (webhook.clone(), seal(&self.sealer, &webhook.id, secret));
        self.write("create_webhook", args, |tx, (webhook, sealed)| {
            Box::pin(create(tx, webhook, sealed))
        })
        .await
    }

    async fn webhook(&self, id: &str) -> Result<Option<Webhook>> {
        get(&mut *self.reader_connection().await?, id).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>> {
        list(&mut *self.reader_connection().await?).await
    }

    async fn webhook_secret(&self, id: &str) -> Result<SecretString> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT secret FROM webhooks WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *self.reader_connection().await?)
            .await?;
        let sealed = sealed.ok_or(StoreError::NotFound("webhook"))?;
        let plain = self.sealer.open(&context(id), &sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| rows::unreadable(context(id)))?;
        Ok(text.into())
    }

    async fn update_webhook(&self, webhook: &Webhook, secret: Option<&SecretString>) -> Result<Webhook> {
        let sealed = secret.map(|secret| seal(&self.sealer, &webhook.id, secret));
        let args = (webhook.clone(), sealed);
        self.write("update_webhook", args, |tx, (webhook, sealed)| {
            Box::pin(update(tx, webhook, sealed.as_deref()))
        })
        .await
    }

    async fn delete_webhook(&self, id: &str) -> Result<()> {
        self.write("delete_webhook", id.to_owned(), |tx, id| {
            Box::pin(async move {
                let gone = sqlx::query("DELETE FROM webhooks WHERE id = ?").bind(id);
                match gone.execute(tx).await?.rows_affected() {
                    0 => Err(StoreError::NotFound("webhook")),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    async fn disable_webhook(&self, id: &str, because: &str, now: Timestamp) -> Result<()> {
        let args = (id.to_owned(), because.to_owned(), millis(now));
        self.note("disable_webhook", args, |tx, (id, because, now)| {
            Box::pin(disable(tx, id, because, *now))
        })
        .await
    }

    async fn start_test_delivery(&self, id: &str, requested_by: &str, now: Timestamp) -> Result<Operation> {
        let args = (id.to_owned(), requested_by.to_owned(), millis(now));
        self.write("test_webhook", args, |tx, (id, by, now)| {
            Box::pin(begin_test(tx, id, by, *now))
        })
        .await
    }
}

async fn create(tx: &mut Tx, webhook: &Webhook, sealed: &[u8]) -> Result<Webhook> {
    let row = sqlx::query(
        "INSERT INTO webhooks (id, url, secret, events, clusters, enabled, disabled_because, created_at, updated_at, \
         version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1) RETURNING *",
    )
    .bind(&webhook.id)
    .bind(&webhook.url)
    .bind(sealed)
    .bind(rows::to_json(&webhook.events)?)
    .bind(rows::to_json(&webhook.clusters)?)
    .bind(webhook.enabled)
    .bind(&webhook.disabled_because)
    .bind(millis(webhook.created_at))
    .bind(millis(webhook.updated_at))
    .fetch_one(tx)
    .await?;
    from_row(&row)
}

async fn get(tx: &mut Tx, id: &str) -> Result<Option<Webhook>> {
    let query = sqlx::query("SELECT * FROM webhooks WHERE id = ?").bind(id);
    query.fetch_optional(tx).await?.as_ref().map(from_row).transpose()
}

async fn list(tx: &mut Tx) -> Result<Vec<Webhook>> {
    let query = sqlx::query("SELECT * FROM webhooks ORDER BY id");
    query.fetch_all(tx).await?.iter().map(from_row).collect()
}

async fn update(tx: &mut Tx, webhook: &Webhook, sealed: Option<&[u8]>) -> Result<Webhook> {
    let present = get(tx, &webhook.id)
        .await?
        .ok_or(StoreError::NotFound("webhook"))?;
    if present.version != webhook.version {
        let (expected, found) = (webhook.version, present.version);
        return Err(StoreError::Conflict(Conflict::Version { expected, found }));
    }
    let row = sqlx::query(
        "UPDATE webhooks SET url = ?, secret = coalesce(?, secret), events = ?, clusters = ?, enabled = ?, \
         disabled_because = ?, updated_at = ?, version = version + 1 WHERE id = ? RETURNING *",
    )
    .bind(&webhook.url)
    .bind(sealed)
    .bind(rows::to_json(&webhook.events)?)
    .bind(rows::to_json(&webhook.clusters)?)
    .bind(webhook.enabled)
    .bind(&webhook.disabled_because)
    .bind(millis(webhook.updated_at))
    .bind(&webhook.id)
    .fetch_one(tx)
    .await?;
    from_row(&row)
}

async fn disable(tx: &mut Tx, id: &str, because: &str, now: i64) -> Result<()> {
    sqlx::query(
        "UPDATE webhooks SET enabled = 0, disabled_because = ?, updated_at = ?, version = version + 1 \
         WHERE id = ? AND enabled = 1",
    )
    .bind(because)
    .bind(now)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(())
}

async fn begin_test(tx: &mut Tx, id: &str, requested_by: &str, now: i64) -> Result<Operation> {
    if get(tx, id).await?.is_none() {
        return Err(StoreError::NotFound("webhook"));
    }
    let notice = Notice {
        event: WebhookEvent::Test,
        cluster: id,
        at: now,
        data: json!({ "requested_by": requested_by }),
    };
    begin(tx, id, requested_by, &notice).await
}

fn from_row(row: &SqliteRow) -> Result<Webhook> {
    Ok(Webhook {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        events: from_json(row.try_get("events")?)?,
        clusters: from_json(row.try_get("clusters")?)?,
        enabled: row.try_get("enabled")?,
        disabled_because: row.try_get("disabled_because")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        version: row.try_get("version")?,
    })
}
