//! `GET /operations/{operation_id}`.

use super::{NOT_FOUND, OperationView, load};
use crate::http::Http;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-operation", "Show an operation")
        .answer::<OperationView>(200, "The operation.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let operation = load(&http, &path).await?;
    Ok(ok(&OperationView::new(operation, &http).await?))
}
