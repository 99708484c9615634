//! `GET /users/{user_id}/auth/keys`.

use super::{NO_USER, no_user};
use crate::http::Http;
use crate::http::ece::keys::ApiKeyResponse;
use crate::http::ece::keys::list::ApiKeysResponse;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-user-api-keys",
        "Get API key metadata for all keys created by the user",
    )
    .answer::<ApiKeysResponse>(200, "The user's keys, oldest first.")
    .fails(404, NO_USER)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let user = http.app.store.user(path.text("user_id")).await?;
    let user = user.ok_or_else(no_user)?;
    let keys = http.app.store.api_keys(&user.name).await?;
    Ok(ok(&ApiKeysResponse {
        keys: keys.iter().map(ApiKeyResponse::new).collect(),
    }))
}
