//! Webhooks: making them, and delivering to them. Signed as Standard Webhooks says (standardwebhooks.com), so that
//! receivers verify with a library that they have.

mod addresses;
mod deliver;
mod post;
mod sign;

pub use deliver::step;
pub use post::Post;
pub use sign::{checked_secret, new_secret};

use super::Operations;
use crate::error::{Error, Missing, Result};
use crate::ids;
use crate::model::{ClusterId, Operation, Webhook, WebhookEvent};
use secrecy::SecretString;
use url::Url;

/// A webhook to make.
#[derive(Debug)]
pub struct NewWebhook {
    /// Where it is sent.
    pub url: String,
    /// Made when absent.
    pub secret: Option<SecretString>,
    /// What it is told of; everything when empty.
    pub events: Vec<WebhookEvent>,
    /// The clusters that it is told of; all when empty.
    pub clusters: Vec<ClusterId>,
    /// It is told.
    pub enabled: bool,
}

/// What to change of a webhook; absent members stay.
#[derive(Debug, Default)]
pub struct ChangeWebhook {
    /// Where it is sent.
    pub url: Option<String>,
    /// What its deliveries are signed with.
    pub secret: Option<SecretString>,
    /// What it is told of.
    pub events: Option<Vec<WebhookEvent>>,
    /// The clusters that it is told of.
    pub clusters: Option<Vec<ClusterId>>,
    /// It is told.
    pub enabled: Option<bool>,
}

impl Operations {
    /// Makes a webhook; returns it with its secret, which is shown only now.
    ///
    /// # Errors
    /// `Invalid` for a URL or a secret that cannot be used.
    pub async fn create_webhook(&self, new: NewWebhook) -> Result<(Webhook, SecretString)> {
        check_url(&new.url)?;
        let secret = match new.secret {
            Some(secret) => checked_secret(secret)?,
            None => new_secret(),
        };
        let now = self.now();
        let webhook = Webhook {
            id: ids::time_ordered(now),
            url: new.url,
            events: new.events,
            clusters: new.clusters,
            enabled: new.enabled,
            disabled_because: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Ok((self.store().create_webhook(&webhook, &secret).await?, secret))
    }

    /// One webhook.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn webhook(&self, id: &str) -> Result<Webhook> {
        let missing = || Error::missing(Missing::Webhook, "there is no webhook with this id");
        self.store().webhook(id).await?.ok_or_else(missing)
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// As [`Operations::create_webhook`]; `NotFound`; `Conflict` when it was changed meanwhile.
    pub async fn change_webhook(&self, id: &str, change: ChangeWebhook) -> Result<Webhook> {
        let mut webhook = self.webhook(id).await?;
        if let Some(url) = change.url {
            check_url(&url)?;
            webhook.url = url;
        }
        let secret = change.secret.map(checked_secret).transpose()?;
        webhook.events = change.events.unwrap_or(webhook.events);
        webhook.clusters = change.clusters.unwrap_or(webhook.clusters);
        if let Some(enabled) = change.enabled {
            webhook.enabled = enabled;
            webhook.disabled_because = None;
        }
        webhook.updated_at = self.now();
        Ok(self.store().update_webhook(&webhook, secret.as_ref()).await?)
    }

    /// Forgets a webhook.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_webhook(&self, id: &str) -> Result<()> {
        self.webhook(id).await?;
        Ok(self.store().delete_webhook(id).await?)
    }

    /// Begins a delivery that only tries the webhook.
    ///
    /// # Errors
    /// `NotFound`; `Precondition` when it is disabled.
    pub async fn test_webhook(&self, id: &str, by: &str) -> Result<Operation> {
        if !self.webhook(id).await?.enabled {
            return Err(Error::Precondition(format!(
                "webhook {id} is disabled: enable it first"
            )));
        }
        let operation = self.store().start_test_delivery(id, by, self.now()).await?;
        self.live().wake();
        Ok(operation)
    }
}

fn check_url(text: &str) -> Result<()> {
    let rule = "url must be http:// or https:// with a host, without credentials and without a fragment";
    let url = Url::parse(text).map_err(|_| Error::invalid("url", rule))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain || text.len() > 2_000 {
        return Err(Error::invalid("url", rule));
    }
    addresses::check_host(&url).map_err(|error| Error::invalid("url", error.to_string()))
}
