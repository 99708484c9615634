//! `GET /users/{user_id}/auth/keys/{api_key_id}`.

use super::key;
use crate::http::Http;
use crate::http::ece::keys::{ApiKeyResponse, NOT_FOUND};
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-user-api-key", "Get a user API key")
        .answer::<ApiKeyResponse>(200, "The key's data.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    Ok(ok(&ApiKeyResponse::new(&key(&http, &path).await?)))
}
