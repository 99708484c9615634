//! `DELETE /users/auth/keys`: ids that the caller does not have are no error, so that it can be sent again.

use super::INVALID;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::EmptyResponse;
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

/// The most keys in one request.
const MOST: usize = 1000;

/// The keys to delete.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteApiKeysRequest {
    /// Their ids, at most 1000.
    #[schema(value_type = Vec<String>)]
    pub keys: Option<Vec<String>>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-api-keys", "Delete API keys")
        .body::<DeleteApiKeysRequest>()
        .answer::<EmptyResponse>(200, "They are gone.")
        .fails(400, &[INVALID])
        .elevated()
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    body: Result<Body<DeleteApiKeysRequest>>,
) -> Result<Response> {
    let named = body.and_then(|Body(body)| bounded("keys", body.keys));
    let ids = named.map_err(|problem| problem.code_at(StatusCode::BAD_REQUEST, INVALID))?;
    let keys: Vec<_> = ids.into_iter().map(|id| (principal.name.clone(), id)).collect();
    http.app.store.delete_api_keys(&keys).await?;
    Ok(ok(&EmptyResponse {}))
}

/// A list of keys that must be there, of a bounded length.
pub(super) fn bounded<T>(member: &str, keys: Option<Vec<T>>) -> Result<Vec<T>> {
    let keys = keys.ok_or_else(|| Problem::invalid(member, format!("{member} is missing")))?;
    if keys.len() > MOST {
        let message = format!("{member} must have at most {MOST} keys");
        return Err(Problem::invalid(member, message));
    }
    Ok(keys)
}
