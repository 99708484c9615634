//! A webhook as it is shown: without its secret.

use crate::model::{Webhook, WebhookEvent};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// A webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// Where it is sent.
    pub url: String,
    /// What deliveries are signed with: only in the answer to the request that had it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// What it is told of; everything when empty.
    pub events: Vec<WebhookEvent>,
    /// The clusters that it is told of; all when empty.
    pub clusters: Vec<String>,
    /// It is told.
    pub enabled: bool,
    /// Why it is not told, when its receiver said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_because: Option<String>,
    /// Made at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Changed at.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Counts changes, from 1.
    pub version: i64,
}

impl WebhookView {
    /// With a secret that was just made for it.
    pub fn with_secret(webhook: Webhook, secret: &SecretString) -> Self {
        Self {
            secret: Some(secret.expose_secret().to_owned()),
            ..webhook.into()
        }
    }
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            secret: None,
            events: webhook.events,
            clusters: webhook.clusters.into_iter().map(Into::into).collect(),
            enabled: webhook.enabled,
            disabled_because: webhook.disabled_because,
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
            version: webhook.version,
        }
    }
}
