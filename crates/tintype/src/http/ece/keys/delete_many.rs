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
    let named = body.and_then(|Body(body)| named(body.keys));
    for id in named.map_err(|problem| problem.code_at(StatusCode::BAD_REQUEST, INVALID))? {
        http.app.store.delete_api_key(&principal.name, &id).await?;
    }
    Ok(ok(&EmptyResponse {}))
}

fn named(keys: Option<Vec<String>>) -> Result<Vec<String>> {
    let keys = keys.ok_or_else(|| Problem::invalid("keys", "keys is missing"))?;
    if keys.len() > MOST {
        return Err(Problem::invalid(
            "keys",
            format!("keys must have at most {MOST} ids"),
        ));
    }
    Ok(keys)
}
