//! `POST /users/auth/_elevate`: the session is elevated by a code of the TOTP device, or by a recovery code.

use super::UNAUTHORIZED;
use crate::http::Http;
use crate::http::auth::{ClientAddress, INVALID_TOKEN, Principal, TokenResponse};
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What proves the second factor.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElevatePermissionsRequest {
    /// A code of the TOTP device, or a recovery code.
    #[schema(value_type = String)]
    pub token: Option<SecretString>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("enable-elevated-permissions", "Enable elevated permissions")
        .optional_body::<ElevatePermissionsRequest>()
        .answer::<TokenResponse>(200, "The elevated session's token; the old one is over.")
        .fails(400, &[INVALID_TOKEN])
        .fails(401, UNAUTHORIZED)
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    from: ClientAddress,
    body: Result<Body<ElevatePermissionsRequest>>,
) -> Result<Response> {
    let (session, _) = principal.session()?;
    let missing = || Problem::invalid("token", "token is missing: a code of your TOTP device");
    let token = body.and_then(|Body(body)| body.token.ok_or_else(missing));
    let token = token.map_err(|problem| problem.code_at(StatusCode::BAD_REQUEST, INVALID_TOKEN))?;
    let elevated = http
        .authenticator
        .elevate(&http.app, session, token.expose_secret(), from);
    Ok(ok(&elevated.await.map_err(|problem| {
        problem.code_at(StatusCode::UNAUTHORIZED, UNAUTHORIZED[0])
    })?))
}
