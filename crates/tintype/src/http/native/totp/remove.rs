//! `DELETE /user/totp`: by a code, a recovery code, or from an elevated session.

use super::{NOT_FOUND, not_found};
use crate::http::Http;
use crate::http::auth::{ClientAddress, INVALID_TOKEN, Principal};
use crate::http::ece::EmptyResponse;
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{NOT_ELEVATED, Result, ok};
use axum::extract::State;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What shows that it is the owner who removes it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveTotp {
    /// A code or a recovery code; not needed from an elevated session.
    #[schema(value_type = String, required = false)]
    pub code: Option<SecretString>,
}

/// The route's description. Its 449 is the handler's, since a code does instead.
pub fn doc() -> Doc {
    Doc::new("remove-totp", "Remove your TOTP device and its recovery codes")
        .optional_body::<RemoveTotp>()
        .answer::<EmptyResponse>(200, "It is removed; elevated sessions are no longer elevated.")
        .fails(400, &[INVALID_TOKEN, "root.invalid_request"])
        .fails(404, NOT_FOUND)
        .fails(449, &[NOT_ELEVATED])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    from: ClientAddress,
    body: Result<Body<RemoveTotp>>,
) -> Result<Response> {
    let code = body?.0.code;
    let code = code.as_ref().map(ExposeSecret::expose_secret);
    let none = || not_found("you have no TOTP device");
    let device = http.app.store.totp_device(&principal.name).await?;
    let device = device.ok_or_else(none)?;
    let removed = http
        .authenticator
        .remove_factor(&http.app, &principal, &device, code, from)
        .await?;
    if removed {
        Ok(ok(&EmptyResponse {}))
    } else {
        Err(none())
    }
}
