//! `DELETE /users/auth/keys/{api_key_id}`: works at once, also for requests with that key.

use super::{NOT_FOUND, own};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::EmptyResponse;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-api-key", "Delete API key")
        .answer::<EmptyResponse>(200, "It is gone.")
        .fails(404, NOT_FOUND)
        .elevated()
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let key = own(&http, &principal, &path).await?;
    http.app
        .store
        .delete_api_keys(&[(principal.name, key.id)])
        .await?;
    Ok(ok(&EmptyResponse {}))
}
