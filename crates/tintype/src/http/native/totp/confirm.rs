//! `POST /user/totp/_confirm`: the only answer that has the recovery codes.

use super::{NOT_FOUND, not_found};
use crate::clock::to_millis;
use crate::http::Http;
use crate::http::auth::{ClientAddress, INVALID_TOKEN, Principal, recovery_hash};
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::secrets::{RECOVERY_CODES, recovery_code};
use crate::store::StoreError;
use axum::extract::State;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The device's first code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmTotp {
    /// What the device shows now.
    #[schema(value_type = String)]
    pub code: Option<SecretString>,
}

/// Instead of the device, each once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ConfirmedTotp {
    /// Ten of them; without case and hyphens they are the same.
    pub recovery_codes: Vec<String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("confirm-totp", "Confirm the TOTP device by its first code")
        .body::<ConfirmTotp>()
        .answer::<ConfirmedTotp>(200, "The recovery codes, shown this once.")
        .fails(400, &[INVALID_TOKEN, "root.invalid_request"])
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    from: ClientAddress,
    body: Result<Body<ConfirmTotp>>,
) -> Result<Response> {
    let missing = || Problem::invalid("code", "code is missing: what the device shows now");
    let code = body?.0.code.ok_or_else(missing)?;
    let app = &http.app;
    let none = || not_found("there is no device that waits to be confirmed: enrol one first");
    let device = app.store.totp_secret(&principal.name).await?;
    let device = device.filter(|device| !device.confirmed).ok_or_else(none)?;
    let step = http
        .authenticator
        .first_code(app, &principal.name, &device, code.expose_secret(), from)?;
    let codes: Vec<SecretString> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hash = |code: &SecretString| recovery_hash(&app.sealer, &principal.name, code.expose_secret());
    let hashes: Vec<_> = codes.iter().filter_map(hash).collect();
    let now = to_millis(app.clock.now());
    let confirmed = app
        .store
        .confirm_totp(&principal.name, &device.id, step, &hashes, now);
    match confirmed.await {
        Err(StoreError::NotFound(_)) => return Err(none()),
        confirmed => confirmed?,
    }
    let shown = |code: &SecretString| code.expose_secret().to_owned();
    Ok(ok(&ConfirmedTotp {
        recovery_codes: codes.iter().map(shown).collect(),
    }))
}
