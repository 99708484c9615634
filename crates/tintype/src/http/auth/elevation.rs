//! Calls that change what others see need a second factor, when the caller has one.

use super::{Credential, Principal};
use crate::app::App;
use crate::config::Elevation;
use crate::http::problem::{Problem, Result};

/// Lets the principal through.
///
/// # Errors
/// 449 saying what to do.
pub async fn require(app: &App, principal: &Principal) -> Result<()> {
    let policy = app.config.sessions.elevation;
    let (elevated, _) = principal.elevated(app.clock.now());
    if policy == Elevation::Never || elevated {
        return Ok(());
    }
    let device = app.store.totp_device(&principal.name).await?;
    let enrolled = device.is_some_and(|device| device.confirmed_at.is_some());
    if policy == Elevation::Enrolled && !enrolled {
        return Ok(());
    }
    Err(Problem::not_elevated(advice(principal, enrolled)))
}

fn advice(principal: &Principal, enrolled: bool) -> &'static str {
    match principal.by {
        _ if !enrolled => {
            "elevated permissions are required, and you have no TOTP device yet: enrol one with \
             POST /api/tintype/v1/user/totp, then elevate a session"
        }
        Credential::Password => {
            "elevated permissions are required, which a password alone does not give: sign in with \
             POST /api/v1/users/auth/_login, then POST /api/v1/users/auth/_elevate with a code of your TOTP device"
        }
        Credential::ApiKey { .. } => {
            "elevated permissions are required, and this API key was made without: make another one in an elevated \
             session"
        }
        Credential::Session { .. } => {
            "elevated permissions are required: POST /api/v1/users/auth/_elevate with a code of your TOTP device"
        }
    }
}
