//! `POST /users/auth/_login`: begins a session.

use crate::http::Http;
use crate::http::auth::{ClientAddress, TokenResponse};
use crate::http::extract::{Body, Object};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

/// Who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The user's name.
    #[schema(value_type = String)]
    pub username: Option<String>,
    /// The user's password.
    #[schema(value_type = String)]
    pub password: Option<SecretString>,
    /// Where to go next; must have no path.
    #[schema(value_type = LoginState, required = false)]
    pub login_state: Option<Object<LoginState>>,
}

/// Where a browser would be sent.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginState {
    /// Refused: the token is in the answer, never in an address.
    pub path: Option<String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("login", "Login")
        .body::<LoginRequest>()
        .answer::<TokenResponse>(200, "A session's token.")
        .fails(401, &["root.unauthenticated"])
        .fails(429, &["root.too_many_requests"])
        .fails(503, &["root.busy"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    from: ClientAddress,
    body: Result<Body<LoginRequest>>,
) -> Result<Response> {
    let Body(body) = body?;
    let missing = |field: &'static str| move || Problem::invalid(field, format!("{field} is missing"));
    let name = body.username.ok_or_else(missing("username"))?;
    let password = body.password.ok_or_else(missing("password"))?;
    if body.login_state.is_some_and(|Object(state)| state.path.is_some()) {
        let message = "login_state.path is not supported: the token is in the answer's body";
        return Err(Problem::invalid("login_state.path", message));
    }
    let user = http
        .authenticator
        .sign_in(&http.app, &name, password, from)
        .await?;
    Ok(ok(&http
        .authenticator
        .begin_session(&http.app, &user.name)
        .await?))
}
