//! `PATCH /webhooks/{webhook_id}`: absent members stay.

use super::{NOT_FOUND, WebhookBody, WebhookView, checked};
use crate::http::Http;
use crate::http::extract::{Body, Path};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::webhooks::ChangeWebhook;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("change-webhook", "Change a webhook")
        .body::<WebhookBody>()
        .answer::<WebhookView>(200, "The webhook as it is now.")
        .fails(404, NOT_FOUND)
        .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path, body: Body<WebhookBody>) -> Result<Response> {
    let body = checked(body)?;
    let change = ChangeWebhook {
        url: body.url,
        secret: body.secret,
        events: body.events,
        clusters: body.clusters,
        enabled: body.enabled,
    };
    let webhook = http
        .app
        .operations
        .change_webhook(path.text("webhook_id"), change)
        .await?;
    Ok(ok(&WebhookView::from(webhook)))
}
