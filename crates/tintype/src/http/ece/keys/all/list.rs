//! `GET /users/auth/keys/_all`.

use crate::http::Http;
use crate::http::ece::keys::ApiKeyResponse;
use crate::http::ece::keys::list::ApiKeysResponse;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-users-api-keys", "Get all API keys for all users")
        .answer::<ApiKeysResponse>(200, "All keys, oldest first.")
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let keys = http.app.store.all_api_keys().await?;
    Ok(ok(&ApiKeysResponse {
        keys: keys.iter().map(ApiKeyResponse::new).collect(),
    }))
}
