//! `POST /webhooks/{webhook_id}/_test`: a delivery that only tries the way. It is given up after a minute.

use super::NOT_FOUND;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::Path;
use crate::http::native::operations::OperationView;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, json};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("test-webhook", "Send a webhook a test")
        .answer::<OperationView>(202, "It was begun: what comes of it is seen in the operation.")
        .fails(404, NOT_FOUND)
        .fails(412, &["root.precondition_failed"])
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let id = path.text("webhook_id");
    let operation = http.app.operations.test_webhook(id, &principal.name).await?;
    Ok(json(
        StatusCode::ACCEPTED,
        &OperationView::new(operation, &http).await?,
    ))
}
