//! `POST /operations/{operation_id}/_cancel`: asks it to stop; what comes of it is seen in the operation.

use super::{NOT_FOUND, OperationView, load};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, json};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("cancel-operation", "Ask an operation to stop")
        .answer::<OperationView>(202, "It was asked.")
        .fails(404, NOT_FOUND)
        .fails(412, &["root.precondition_failed"])
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let operation = load(&http, &path).await?;
    let asked = http.app.operations.cancel(&operation.id, &principal.name).await?;
    Ok(json(
        StatusCode::ACCEPTED,
        &OperationView::new(asked, &http).await?,
    ))
}
