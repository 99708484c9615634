//! `DELETE /repositories/{repository_name}/verification-schedule`.

use super::NOT_FOUND;
use super::get::none;
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::ece::repositories::load;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::store::StoreError;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "delete-verification-schedule",
        "Verify a platform repository only when somebody asks",
    )
    .answer::<EmptyResponse>(200, "It is forgotten; what runs goes on.")
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let repository = load(&http, &path.repository()?).await?.name;
    match http.app.store.delete_schedule(&repository).await {
        Err(StoreError::NotFound(_)) => Err(none()),
        other => Ok(other.map(|()| ok(&EmptyResponse {}))?),
    }
}
