//! `POST /users/auth/reauthenticate`: what older clients ask for before they make an API key.

use crate::http::Http;
use crate::http::auth::{ClientAddress, Principal, exposed};
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The code of a wrong password.
const WRONG: &str = "api_keys.invalid_re_auth_credentials";

/// The caller's password, again.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReAuthenticationRequest {
    /// The caller's password.
    #[schema(value_type = String)]
    pub password: Option<SecretString>,
}

/// For the making of an API key.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ReAuthenticationResponse {
    /// The `authentication_token` of a request for an API key, good for five minutes.
    #[schema(value_type = String)]
    #[serde(serialize_with = "exposed")]
    pub security_token: SecretString,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("re-authenticate", "Re-authenticate to generate a token")
        .body::<ReAuthenticationRequest>()
        .answer::<ReAuthenticationResponse>(200, "A token for the making of an API key.")
        .fails(400, &[WRONG])
        .elevated()
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    from: ClientAddress,
    body: Result<Body<ReAuthenticationRequest>>,
) -> Result<Response> {
    let missing = || Problem::invalid("password", "password is missing");
    let password = body.and_then(|Body(body)| body.password.ok_or_else(missing));
    let password = password.map_err(|problem| problem.code_at(StatusCode::BAD_REQUEST, WRONG))?;
    let signed_in = http
        .authenticator
        .sign_in(&http.app, &principal.name, password, from);
    signed_in.await.map_err(|problem| {
        if problem.status() == StatusCode::UNAUTHORIZED {
            Problem::new(StatusCode::BAD_REQUEST, WRONG, "the password is not yours").field("password")
        } else {
            problem
        }
    })?;
    let security_token = http.authenticator.security_token(&http.app, &principal.name)?;
    Ok(ok(&ReAuthenticationResponse { security_token }))
}
