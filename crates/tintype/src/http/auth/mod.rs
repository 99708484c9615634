//! Credentials become a principal: `Authorization: ApiKey tt_{id}_{secret}`, a session's Bearer token, or Basic.

use super::problem::{Problem, Result};
use crate::app::App;
use crate::model::{Operator, Session};
use crate::secrets::api_key_matches;
use data_encoding::BASE64;
use http::{HeaderMap, header};
use jiff::Timestamp;
use secrecy::SecretString;

mod address;
pub mod elevation;
mod factor;
mod password;
mod permission;
mod session;
mod throttle;
mod token;

pub use address::{ClientAddress, Peer};
pub use factor::{INVALID_TOKEN, recovery_hash};
pub use password::Authenticator;
pub use permission::{Permission, Role};
pub use session::{TokenResponse, exposed};

const UNKNOWN: &str = "the credentials are not valid";

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, also when an API key stands for it.
    pub name: String,
    /// What the user may do.
    pub roles: Vec<Role>,
    /// How it showed who it is.
    pub by: Credential,
}

/// What a request came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user's name and password.
    Password,
    /// An API key.
    ApiKey {
        /// It stands in for an elevated session.
        elevated: bool,
    },
    /// A session's token.
    Session {
        /// The session.
        session: Session,
        /// The secret that the session's tokens carry.
        secret: Secret,
        /// When this token expires.
        expires_at: Timestamp,
    },
}

/// A session's secret, for its next token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Principal {
    /// Any of the roles grants it. Whoever has credentials may do what concerns only itself.
    pub fn may(&self, permission: Permission) -> bool {
        permission.granted_to_any(&self.roles)
    }

    fn of(user: Operator, by: Credential) -> Result<Self> {
        if !user.enabled {
            return Err(Problem::unauthenticated(UNKNOWN));
        }
        Ok(Self {
            name: user.name,
            roles: user.roles,
            by,
        })
    }
}

impl Authenticator {
    /// The principal behind a request's `Authorization`.
    ///
    /// # Errors
    /// 401 without or with wrong credentials, 429 after too many wrong ones, 503 when too many passwords wait to be
    /// checked.
    pub async fn authenticate(
        &self,
        app: &App,
        headers: &HeaderMap,
        from: ClientAddress,
    ) -> Result<Principal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Err(Problem::unauthenticated(
                "credentials are needed: an API key, a session, or a user and a password",
            ));
        };
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        let Some((scheme, credentials)) = text.and_then(|text| text.trim().split_once(' ')) else {
            return Err(Problem::unauthenticated("the Authorization header is malformed"));
        };
        let credentials = credentials.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "apikey" => by_key(app, credentials).await,
            "bearer" => self.by_session(app, credentials).await,
            "basic" => self.by_password(app, credentials, from).await,
            _ => Err(Problem::unauthenticated("use the scheme ApiKey, Bearer or Basic")),
        }
    }

    async fn by_password(&self, app: &App, credentials: &str, from: ClientAddress) -> Result<Principal> {
        let malformed = || Problem::unauthenticated("the Basic credentials are malformed");
        let bytes = BASE64.decode(credentials.as_bytes()).map_err(|_| malformed())?;
        let text = String::from_utf8(bytes).map_err(|_| malformed())?;
        let (name, password) = text.split_once(':').ok_or_else(malformed)?;
        let user = self
            .sign_in(app, name, SecretString::from(password), from)
            .await?;
        Principal::of(user, Credential::Password)
    }

    /// The user of that name and password.
    ///
    /// # Errors
    /// As [`Authenticator::authenticate`]; a wrong password, an unknown user and a disabled one alike.
    pub async fn sign_in(
        &self,
        app: &App,
        name: &str,
        password: SecretString,
        from: ClientAddress,
    ) -> Result<Operator> {
        let user = self.verify(app, name, password, from.0).await?;
        user.ok_or_else(|| Problem::unauthenticated(UNKNOWN))
    }
}

async fn by_key(app: &App, credentials: &str) -> Result<Principal> {
    let unknown = || Problem::unauthenticated(UNKNOWN);
    // The id has no underscore; the secret may have.
    let parts = credentials
        .strip_prefix("tt_")
        .and_then(|rest| rest.split_once('_'));
    let (id, secret) = parts.ok_or_else(unknown)?;
    let key = app.store.api_key(id).await?.ok_or_else(unknown)?;
    if !api_key_matches(secret, &key.secret_hash) {
        return Err(unknown());
    }
    let user = app.store.user(&key.user).await?.ok_or_else(unknown)?;
    Principal::of(
        user,
        Credential::ApiKey {
            elevated: key.elevated,
        },
    )
}
