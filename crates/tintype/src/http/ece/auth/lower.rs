//! `DELETE /users/auth/_elevate`: the session goes on without its elevation.

use super::UNAUTHORIZED;
use crate::http::Http;
use crate::http::auth::{Principal, TokenResponse};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("disable-elevated-permissions", "Disable elevated permissions")
        .answer::<TokenResponse>(200, "The session's token; the old one is over.")
        .fails(401, UNAUTHORIZED)
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let (session, _) = principal.session()?;
    let lowered = http.authenticator.lower(&http.app, session).await;
    Ok(ok(&lowered.map_err(|problem| {
        problem.code_at(StatusCode::UNAUTHORIZED, UNAUTHORIZED[0])
    })?))
}
