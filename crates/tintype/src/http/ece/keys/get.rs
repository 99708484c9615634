//! `GET /users/auth/keys/{api_key_id}`.

use super::{ApiKeyResponse, NOT_FOUND, own};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-api-key", "Get API key")
        .answer::<ApiKeyResponse>(200, "The key's data.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    Ok(ok(&ApiKeyResponse::new(&own(&http, &principal, &path).await?)))
}
