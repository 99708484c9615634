//! `POST /users/auth/_logout`: ends the session, all its tokens and its elevation at once.

use crate::http::Http;
use crate::http::auth::{Credential, Principal};
use crate::http::ece::EmptyResponse;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("logout", "Logout").answer::<EmptyResponse>(200, "The session is over.")
}

/// The handler. Other credentials have nothing to end.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    if let Credential::Session { session, .. } = &principal.by {
        http.app.store.end_session(&session.id).await?;
    }
    Ok(ok(&EmptyResponse {}))
}
