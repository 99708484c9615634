//! `POST /users/auth/keys`: the only answer that has the key.

use super::{ApiKeyResponse, INVALID};
use crate::clock::to_millis;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::ids;
use crate::model::ApiKey;
use crate::secrets::api_key_hash;
use crate::store::StoreError;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The longest description, bytes.
const LONGEST: usize = 1024;

/// A key to make.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKeyRequest {
    /// What it is for.
    #[schema(value_type = String)]
    pub description: Option<String>,
    /// Older clients send the `security_token` of a re-authentication.
    #[schema(value_type = String, required = false)]
    pub authentication_token: Option<SecretString>,
    /// Refused: an ignored expiration would make an immortal key.
    #[schema(ignore)]
    pub expiration: Option<serde::de::IgnoredAny>,
    /// Refused: a key has its owner's roles.
    #[schema(ignore)]
    pub role_assignments: Option<serde::de::IgnoredAny>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("create-api-key", "Create API key")
        .body::<CreateApiKeyRequest>()
        .answer::<ApiKeyResponse>(201, "The key, shown this once.")
        .fails(400, &[INVALID])
        .elevated()
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    body: Result<Body<CreateApiKeyRequest>>,
) -> Result<Response> {
    let described = body.and_then(|Body(body)| {
        reauthenticated(&http, &principal, body.authentication_token.as_ref())?;
        description(body)
    });
    let description = described.map_err(|problem| problem.code_at(StatusCode::BAD_REQUEST, INVALID))?;
    let device = http.app.store.totp_device(&principal.name).await?;
    let now = to_millis(http.app.clock.now());
    let elevated = principal.key_is_elevated(device.as_ref(), now);
    let secret = ids::secret();
    let key = ApiKey {
        id: ids::time_ordered(now),
        secret_hash: api_key_hash(&secret),
        user: principal.name,
        description,
        created_at: now,
        elevated,
    };
    match http.app.store.create_api_key(&key).await {
        Err(StoreError::NotFound(_)) => {
            return Err(Problem::unauthenticated("this user was deleted meanwhile"));
        }
        made => made?,
    }
    let shown = Some(format!("tt_{}_{secret}", key.id));
    Ok(json(
        StatusCode::CREATED,
        &ApiKeyResponse {
            key: shown,
            ..ApiKeyResponse::new(&key)
        },
    ))
}

/// A token that is sent must be good, though none is needed: the credentials of the request count.
fn reauthenticated(http: &Http, principal: &Principal, token: Option<&SecretString>) -> Result<()> {
    let good = |token: &SecretString| {
        http.authenticator
            .reauthenticated(&http.app, &principal.name, token.expose_secret())
    };
    if token.is_none_or(good) {
        return Ok(());
    }
    Err(Problem::invalid(
        "authentication_token",
        "authentication_token is not a security_token of yours, or older than five minutes: leave it out",
    ))
}

fn description(body: CreateApiKeyRequest) -> Result<String> {
    if body.expiration.is_some() {
        return Err(Problem::invalid(
            "expiration",
            "expiration is not supported: keys do not expire, delete them",
        ));
    }
    if body.role_assignments.is_some() {
        return Err(Problem::invalid(
            "role_assignments",
            "role_assignments is not supported: a key has your roles",
        ));
    }
    let description = body
        .description
        .ok_or_else(|| Problem::invalid("description", "description is missing"))?;
    if description.trim().is_empty() || description.len() > LONGEST {
        let message = format!("description must have 1 to {LONGEST} bytes, not all spaces");
        return Err(Problem::invalid("description", message));
    }
    Ok(description)
}
