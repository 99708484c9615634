//! `POST /webhooks`.

use super::{WebhookBody, WebhookView, checked};
use crate::http::Http;
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::operations::webhooks::NewWebhook;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("create-webhook", "Make a webhook")
        .body::<WebhookBody>()
        .answer::<WebhookView>(
            201,
            "It is made. A secret that was made for it is shown only here.",
        )
}

/// The handler.
pub async fn handle(State(http): State<Http>, body: Body<WebhookBody>) -> Result<Response> {
    let body = checked(body)?;
    let made = body.secret.is_none();
    let new = NewWebhook {
        url: body
            .url
            .ok_or_else(|| Problem::invalid("url", "url is missing"))?,
        secret: body.secret,
        events: body.events.unwrap_or_default(),
        clusters: body.clusters.unwrap_or_default(),
        enabled: body.enabled.unwrap_or(true),
    };
    let (webhook, secret) = http.app.operations.create_webhook(new).await?;
    let view = if made {
        WebhookView::with_secret(webhook, &secret)
    } else {
        webhook.into()
    };
    Ok(json(StatusCode::CREATED, &view))
}
