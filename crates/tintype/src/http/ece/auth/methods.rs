//! `GET /users/auth/methods`: for clients that ask before they sign in, so it needs no credentials.

use crate::http::openapi::Doc;
use crate::http::problem::ok;
use axum::response::Response;
use serde::Serialize;

/// The ways to sign in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AvailableAuthenticationMethods {
    /// User name and password.
    pub password: bool,
    /// SAML single sign-on.
    pub saml: bool,
    /// OpenID single sign-on.
    pub openid: bool,
    /// Single sign-on methods; there are none.
    pub sso_methods: Vec<SsoAuthenticationMethodInfo>,
}

/// A single sign-on method.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SsoAuthenticationMethodInfo {
    /// `saml` or `openid`.
    pub sso_type: String,
    /// Its name.
    pub name: String,
    /// Where to begin.
    pub url: String,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("methods", "Available authentication methods")
        .answer::<AvailableAuthenticationMethods>(200, "The ways to sign in.")
}

/// The handler.
pub async fn handle() -> Response {
    ok(&AvailableAuthenticationMethods {
        password: true,
        saml: false,
        openid: false,
        sso_methods: Vec::new(),
    })
}
