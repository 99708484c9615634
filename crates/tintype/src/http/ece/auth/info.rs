//! `GET /users/auth`.

use crate::http::Http;
use crate::http::auth::{Credential, Principal};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::http::route::ECE;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// How the caller is authenticated.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuthenticationInfo {
    /// There is a confirmed TOTP device.
    pub has_totp_device: bool,
    /// Always `native`.
    pub totp_device_source: &'static str,
    /// These credentials are elevated now.
    pub has_elevated_permissions: bool,
    /// When a session's elevation ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, required = false)]
    pub elevated_permissions_expire_at: Option<String>,
    /// Where a session's token is refreshed.
    pub refresh_token_url: String,
    /// When this token of a session expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, required = false)]
    pub expires_at: Option<String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-authentication-info", "User authentication information")
        .answer::<AuthenticationInfo>(200, "How you are authenticated.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let device = http.app.store.totp_device(&principal.name).await?;
    let (elevated, until) = principal.elevated(http.app.clock.now());
    let expires_at = match &principal.by {
        Credential::Session { expires_at, .. } => Some(expires_at.to_string()),
        Credential::Password | Credential::ApiKey { .. } => None,
    };
    Ok(ok(&AuthenticationInfo {
        has_totp_device: device.is_some_and(|device| device.confirmed_at.is_some()),
        totp_device_source: "native",
        has_elevated_permissions: elevated,
        elevated_permissions_expire_at: until.map(|until| until.to_string()),
        refresh_token_url: format!("{ECE}/users/auth/_refresh"),
        expires_at,
    }))
}
