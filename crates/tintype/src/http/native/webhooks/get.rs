//! `GET /webhooks/{webhook_id}`.

use super::{NOT_FOUND, WebhookView};
use crate::http::Http;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-webhook", "Show a webhook")
        .answer::<WebhookView>(200, "The webhook, without its secret.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let webhook = http.app.operations.webhook(path.text("webhook_id")).await?;
    Ok(ok(&WebhookView::from(webhook)))
}
