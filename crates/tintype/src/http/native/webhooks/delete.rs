//! `DELETE /webhooks/{webhook_id}`: deliveries that are under way end as cancelled.

use super::NOT_FOUND;
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-webhook", "Forget a webhook")
        .answer::<EmptyResponse>(200, "It is forgotten, and told nothing more.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    http.app
        .operations
        .delete_webhook(path.text("webhook_id"))
        .await?;
    Ok(ok(&EmptyResponse {}))
}
