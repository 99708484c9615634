//! Codes of a second factor: read, counted, checked; the store uses each up once.

use super::{Authenticator, ClientAddress, Credential, Principal};
use crate::app::App;
use crate::http::auth::session::TokenResponse;
use crate::http::problem::{Problem, Result};
use crate::ids;
use crate::model::{Factor, Session, TotpDevice, TotpSecret};
use crate::secrets::{Sealer, api_key_hash, recovery_text, totp_code, totp_step};
use crate::store::StoreError;
use http::StatusCode;
use jiff::SignedDuration;

/// The code of the answer to a wrong second factor.
pub const INVALID_TOKEN: &str = "authc.invalid_token";

/// A wrong code, a used one, and a recovery code that is none are told alike.
pub fn wrong_code(field: &str) -> Problem {
    let message = format!(
        "{field} is not a code that your TOTP device shows now, nor a recovery code, or it was used before: each \
         counts once"
    );
    Problem::new(StatusCode::BAD_REQUEST, INVALID_TOKEN, message).field(field)
}

/// What is kept of a recovery code: nobody can try codes on a copy of the database alone.
pub fn recovery_hash(sealer: &Sealer, user: &str, code: &str) -> Option<[u8; 32]> {
    let text = recovery_text(code)?;
    Some(sealer.mac(&format!("recovery_codes/{user}"), text.as_bytes()))
}

impl Authenticator {
    /// Elevates the session with a code, and gives it another token.
    ///
    /// # Errors
    /// 400 `authc.invalid_token`, 401 when the session is gone meanwhile, 429 after too many wrong ones.
    pub async fn elevate(
        &self,
        app: &App,
        session: &Session,
        code: &str,
        from: ClientAddress,
    ) -> Result<TokenResponse> {
        let minutes = app.config.sessions.elevation_minutes;
        let until = app.clock.now() + SignedDuration::from_mins(minutes.into());
        let secret = ids::secret();
        let hash = api_key_hash(&secret);
        let spend = async |factor: Factor| match app
            .store
            .elevate_session(&session.id, &factor, until, &hash)
            .await
        {
            Err(StoreError::NotFound(_)) => Err(Problem::unauthenticated("the session is over")),
            elevated => Ok(elevated?),
        };
        self.with_factor(app, &session.user, ("token", code), from, spend)
            .await?;
        self.token_of(app, session, &secret)
    }

    /// Ends the session's elevation, and gives it another token.
    ///
    /// # Errors
    /// 401 when the session is gone meanwhile.
    pub async fn lower(&self, app: &App, session: &Session) -> Result<TokenResponse> {
        let secret = ids::secret();
        match app.store.lower_session(&session.id, &api_key_hash(&secret)).await {
            Err(StoreError::NotFound(_)) => return Err(Problem::unauthenticated("the session is over")),
            lowered => lowered?,
        }
        self.token_of(app, session, &secret)
    }

    /// Removes the principal's device: by a code, or from an elevated session. An API key alone is not enough, whenever
    /// it was made; a device that was never confirmed counts for nothing.
    ///
    /// # Errors
    /// As [`Authenticator::elevate`]; 449 with neither.
    pub async fn remove_factor(
        &self,
        app: &App,
        principal: &Principal,
        device: &TotpDevice,
        code: Option<&str>,
        from: ClientAddress,
    ) -> Result<bool> {
        let unconfirmed = device.confirmed_at.is_none();
        if let Some(code) = code.filter(|_| !unconfirmed) {
            let remove =
                async |factor: Factor| Ok(app.store.remove_totp(&principal.name, Some(&factor)).await?);
            self.with_factor(app, &principal.name, ("code", code), from, remove)
                .await?;
            return Ok(true);
        }
        let session = matches!(principal.by, Credential::Session { .. });
        if unconfirmed || session && principal.elevated(app.clock.now()).0 {
            return Ok(app.store.remove_totp(&principal.name, None).await?);
        }
        Err(Problem::not_elevated(
            "elevated permissions are required: give a code of the device or a recovery code, or use an elevated session",
        ))
    }

    /// The step of the first code of a device that is being confirmed.
    ///
    /// # Errors
    /// 400 `authc.invalid_token`, 429 after too many wrong ones.
    pub fn first_code(
        &self,
        app: &App,
        user: &str,
        device: &TotpSecret,
        code: &str,
        from: ClientAddress,
    ) -> Result<i64> {
        let now = app.clock.now();
        let code = totp_code(code).ok_or_else(|| wrong_code("code"))?;
        let tried = self.throttle.code(user, from.0, false, now)?;
        let step = totp_step(&device.secret, &code, now).ok_or_else(|| wrong_code("code"))?;
        self.throttle.right(tried, now);
        Ok(step)
    }

    /// Counts the try, finds the factor that a code is, and lets `spend` use it up.
    async fn with_factor(
        &self,
        app: &App,
        user: &str,
        (field, code): (&str, &str),
        from: ClientAddress,
        spend: impl AsyncFnOnce(Factor) -> Result<bool>,
    ) -> Result<()> {
        let now = app.clock.now();
        let recovery = recovery_hash(&app.sealer, user, code);
        let digits = totp_code(code);
        if recovery.is_none() && digits.is_none() {
            return Err(wrong_code(field));
        }
        let tried = self.throttle.code(user, from.0, recovery.is_some(), now)?;
        let factor = match (recovery, digits) {
            (Some(hash), _) => Some(Factor::Recovery(hash)),
            (None, Some(code)) => step_of(app, user, &code).await?,
            (None, None) => None,
        };
        if let Some(factor) = factor
            && spend(factor).await?
        {
            self.throttle.right(tried, now);
            return Ok(());
        }
        Err(wrong_code(field))
    }
}

/// The factor that a code of six digits is.
async fn step_of(app: &App, user: &str, code: &str) -> Result<Option<Factor>> {
    let device = app.store.totp_secret(user).await?;
    let none = "you have no TOTP device: enrol one with POST /api/tintype/v1/user/totp and confirm it";
    let none = || Problem::new(StatusCode::BAD_REQUEST, INVALID_TOKEN, none);
    let device = device.filter(|device| device.confirmed).ok_or_else(none)?;
    let step = totp_step(&device.secret, code, app.clock.now());
    Ok(step.map(|step| Factor::Step {
        device: device.id,
        step,
    }))
}
