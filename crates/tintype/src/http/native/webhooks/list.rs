//! `GET /webhooks`.

use super::WebhookView;
use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// All webhooks, oldest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookList {
    /// The webhooks.
    pub webhooks: Vec<WebhookView>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-webhooks", "List webhooks").answer::<WebhookList>(200, "All webhooks, oldest first.")
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let found = http.app.store.webhooks().await?;
    let webhooks = found.into_iter().map(Into::into).collect();
    Ok(ok(&WebhookList { webhooks }))
}
