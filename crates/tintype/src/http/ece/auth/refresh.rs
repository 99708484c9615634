//! `POST /users/auth/_refresh`: another token of the session. Neither the session nor its elevation lasts longer by it.

use super::UNAUTHORIZED;
use crate::http::Http;
use crate::http::auth::{Principal, TokenResponse};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("refresh-token", "Refresh authentication token")
        .answer::<TokenResponse>(200, "The session's next token.")
        .fails(401, UNAUTHORIZED)
}

/// The handler. The old token stays good until it expires: requests with it may be under way.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let (session, secret) = principal.session()?;
    Ok(ok(&http.authenticator.refresh(&http.app, session, secret)?))
}
