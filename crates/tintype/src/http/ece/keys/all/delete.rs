//! `DELETE /users/auth/keys/_all`: keys that are not there are no error, so that it can be sent again.

use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::ece::keys::INVALID;
use crate::http::ece::keys::delete_many::bounded;
use crate::http::extract::{Body, Object};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

/// The keys to delete.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteUsersApiKeysRequest {
    /// Their users and ids, at most 1000.
    #[schema(value_type = Vec<UserApiKey>)]
    pub user_api_keys: Option<Vec<Object<UserApiKey>>>,
}

/// A key of a user.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserApiKey {
    /// The user's name.
    pub user_id: String,
    /// The key's id.
    pub api_key_id: String,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-users-api-keys", "Delete API keys of multiple users")
        .body::<DeleteUsersApiKeysRequest>()
        .answer::<EmptyResponse>(200, "They are gone.")
        .fails(400, &[INVALID])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    body: Result<Body<DeleteUsersApiKeysRequest>>,
) -> Result<Response> {
    let named = body.and_then(|Body(body)| bounded("user_api_keys", body.user_api_keys));
    let named = named.map_err(|problem| problem.code_at(StatusCode::BAD_REQUEST, INVALID))?;
    let keys: Vec<_> = named
        .into_iter()
        .map(|Object(key)| (key.user_id, key.api_key_id))
        .collect();
    http.app.store.delete_api_keys(&keys).await?;
    Ok(ok(&EmptyResponse {}))
}
