//! `GET /users/auth/keys`.

use super::ApiKeyResponse;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// The caller's keys, oldest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApiKeysResponse {
    /// The keys.
    pub keys: Vec<ApiKeyResponse>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-api-keys", "Get all API keys").answer::<ApiKeysResponse>(200, "Your keys, oldest first.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let keys = http.app.store.api_keys(&principal.name).await?;
    Ok(ok(&ApiKeysResponse {
        keys: keys.iter().map(ApiKeyResponse::new).collect(),
    }))
}
