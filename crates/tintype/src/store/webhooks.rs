//! Webhooks, and the deliveries that are begun for them.

use super::Result;
use crate::model::{Operation, Webhook};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

/// Deliveries carried at once, over all webhooks. They have places of their own and take none from other operations.
pub const DELIVERIES: u64 = 16;
/// Deliveries carried at once to one webhook, so that a receiver that hangs holds no other up.
pub const DELIVERIES_PER_WEBHOOK: u64 = 4;

/// Webhooks.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Makes one, as version 1.
    async fn create_webhook(&self, webhook: &Webhook, secret: &SecretString) -> Result<Webhook>;
    /// One webhook.
    async fn webhook(&self, id: &str) -> Result<Option<Webhook>>;
    /// All, oldest first.
    async fn webhooks(&self) -> Result<Vec<Webhook>>;
    /// The secret that its deliveries are signed with, opened. `NotFound`.
    async fn webhook_secret(&self, id: &str) -> Result<SecretString>;
    /// Replaces the row whose version is the given one's, and counts it up; the secret stays when absent.
    /// `Conflict::Version`, `NotFound`.
    async fn update_webhook(&self, webhook: &Webhook, secret: Option<&SecretString>) -> Result<Webhook>;
    /// Forgets it. Deliveries that have not ended end by themselves. `NotFound`.
    async fn delete_webhook(&self, id: &str) -> Result<()>;
    /// Stops telling it, and says why. Nothing when it is gone.
    async fn disable_webhook(&self, id: &str, because: &str, now: Timestamp) -> Result<()>;
    /// Begins a delivery that only tries the webhook; about no cluster, so its `cluster_id` is the webhook's id.
    /// `NotFound`.
    async fn start_test_delivery(&self, id: &str, requested_by: &str, now: Timestamp) -> Result<Operation>;
}
