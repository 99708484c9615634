//! Sessions: begun by a sign-in, looked up on each request, ended at once.

use super::token::{Audience, Tokens};
use super::{Authenticator, Credential, Principal, Secret, UNKNOWN};
use crate::app::App;
use crate::clock::to_millis;
use crate::http::problem::{Problem, Result};
use crate::ids;
use crate::model::{Session, TotpDevice};
use crate::secrets::{api_key_hash, api_key_matches};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Serialize;

/// How long a `security_token` is good.
const REAUTHENTICATED: SignedDuration = SignedDuration::from_mins(5);

/// The token of a new session, or of an old one from now on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenResponse {
    /// `Authorization: Bearer` of the next requests.
    #[schema(value_type = String)]
    #[serde(serialize_with = "exposed")]
    pub token: SecretString,
}

/// For an answer whose purpose is to tell a secret.
pub fn exposed<S: serde::Serializer>(
    secret: &SecretString,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(secrecy::ExposeSecret::expose_secret(secret))
}

impl Authenticator {
    fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) async fn by_session(&self, app: &App, token: &str) -> Result<Principal> {
        let unknown = || Problem::unauthenticated("the session is over or not known: sign in again");
        let claims = self.tokens().claims(Audience::Session, token, &*app.clock);
        let claims = claims.ok_or_else(unknown)?;
        let session = app.store.session(&claims.sid).await?.ok_or_else(unknown)?;
        let known = api_key_matches(&claims.jti, &session.secret_hash) && session.user == claims.sub;
        if !known || session.expires_at <= app.clock.now() {
            return Err(unknown());
        }
        let user = app.store.user(&session.user).await?;
        let user = user.ok_or_else(|| Problem::unauthenticated(UNKNOWN))?;
        let expires_at = Timestamp::from_second(claims.exp).map_err(|_| unknown())?;
        let secret = Secret(claims.jti);
        Principal::of(
            user,
            Credential::Session {
                session,
                secret,
                expires_at,
            },
        )
    }

    /// Begins a session of a user that signed in.
    ///
    /// # Errors
    /// 401 when the user is gone meanwhile.
    pub async fn begin_session(&self, app: &App, user: &str) -> Result<TokenResponse> {
        let (now, secret) = (to_millis(app.clock.now()), ids::secret());
        let life = SignedDuration::from_hours(app.config.sessions.life_hours.into());
        let session = Session {
            id: ids::time_ordered(now),
            secret_hash: api_key_hash(&secret),
            user: user.to_owned(),
            created_at: now,
            expires_at: now + life,
            elevated_until: None,
        };
        match app.store.begin_session(&session).await {
            Err(crate::store::StoreError::NotFound(_)) => return Err(Problem::unauthenticated(UNKNOWN)),
            begun => begun?,
        }
        self.token_of(app, &session, &secret)
    }

    /// Another token of a session, which does not live longer by it.
    ///
    /// # Errors
    /// Internal ones.
    pub fn refresh(&self, app: &App, session: &Session, secret: &Secret) -> Result<TokenResponse> {
        self.token_of(app, session, &secret.0)
    }

    pub(super) fn token_of(&self, app: &App, session: &Session, secret: &str) -> Result<TokenResponse> {
        let now = app.clock.now();
        let good = SignedDuration::from_mins(app.config.sessions.token_minutes.into());
        let until = session.expires_at.min(now + good);
        let whose = (session.user.as_str(), session.id.as_str(), secret);
        let token = self.tokens().make(Audience::Session, whose, now, until)?;
        Ok(TokenResponse { token })
    }

    /// What older clients show when they make an API key.
    ///
    /// # Errors
    /// Internal ones.
    pub fn security_token(&self, app: &App, user: &str) -> Result<SecretString> {
        let (now, secret) = (app.clock.now(), ids::secret());
        let until = now + REAUTHENTICATED;
        let token = self
            .tokens()
            .make(Audience::Reauthentication, (user, "", &secret), now, until)?;
        Ok(token)
    }

    /// Whether this is a security token of that user which is still good.
    pub fn reauthenticated(&self, app: &App, user: &str, token: &str) -> bool {
        let claims = self
            .tokens()
            .claims(Audience::Reauthentication, token, &*app.clock);
        claims.is_some_and(|claims| claims.sub == user)
    }
}

impl Principal {
    /// The session and its secret, on routes that are about one.
    ///
    /// # Errors
    /// 401 `root.unauthorized` for other credentials.
    pub fn session(&self) -> Result<(&Session, &Secret)> {
        match &self.by {
            Credential::Session { session, secret, .. } => Ok((session, secret)),
            Credential::Password | Credential::ApiKey { .. } => Err(Problem::unauthenticated(
                "this call is about a session: sign in with POST /api/v1/users/auth/_login and send its token as Bearer",
            )
            .code_at(StatusCode::UNAUTHORIZED, "root.unauthorized")),
        }
    }

    /// Counts as elevated now, and until when if that is bounded.
    pub fn elevated(&self, now: Timestamp) -> (bool, Option<Timestamp>) {
        match &self.by {
            Credential::Password => (false, None),
            Credential::ApiKey { elevated } => (*elevated, None),
            Credential::Session { session, .. } => {
                let until = session.elevated_until.filter(|until| now < *until);
                (until.is_some(), until)
            }
        }
    }

    /// A key that this principal makes now stands in for an elevated session.
    pub fn key_is_elevated(&self, device: Option<&TotpDevice>, now: Timestamp) -> bool {
        let enrolled = device.is_some_and(|device| device.confirmed_at.is_some());
        !enrolled || self.elevated(now).0
    }
}
