//! `DELETE /users/{user_id}/auth/keys/{api_key_id}`: works at once, also for requests with that key.

use super::key;
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::ece::keys::NOT_FOUND;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-user-api-key", "Delete an API key for a user")
        .answer::<EmptyResponse>(200, "It is gone.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let key = key(&http, &path).await?;
    http.app.store.delete_api_keys(&[(key.user, key.id)]).await?;
    Ok(ok(&EmptyResponse {}))
}
