//! `DELETE /users/{user_id}/auth/keys`: every key of a user, at once.

use super::{NO_USER, no_user};
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::store::StoreError;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-user-api-keys", "Delete API keys for a user")
        .answer::<EmptyResponse>(200, "They are gone.")
        .fails(404, NO_USER)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    match http.app.store.delete_api_keys_of(path.text("user_id")).await {
        Err(StoreError::NotFound(_)) => Err(no_user()),
        deleted => Ok(deleted.map(|_| ok(&EmptyResponse {}))?),
    }
}
