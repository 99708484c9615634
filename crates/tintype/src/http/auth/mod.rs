//! Credentials become a principal: `Authorization: ApiKey tt_{id}_{secret}`, or Basic.

use super::problem::{Problem, Result};
use crate::app::App;
use crate::model::Operator;
use crate::secrets::api_key_matches;
use data_encoding::BASE64;
use http::{HeaderMap, header};
use secrecy::SecretString;

mod password;
mod permission;

pub use password::Authenticator;
pub use permission::{Permission, Role};

const UNKNOWN: &str = "the credentials are not valid";

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, also when an API key stands for it.
    pub name: String,
    /// What the user may do.
    pub roles: Vec<Role>,
}

impl Principal {
    /// Any of the roles grants it. Whoever has credentials may do what concerns only itself.
    pub fn may(&self, permission: Permission) -> bool {
        permission.granted_to_any(&self.roles)
    }

    fn of(user: Operator) -> Result<Self> {
        if !user.enabled {
            return Err(Problem::unauthenticated(UNKNOWN));
        }
        Ok(Self {
            name: user.name,
            roles: user.roles,
        })
    }
}

impl Authenticator {
    /// The principal behind a request's `Authorization`.
    ///
    /// # Errors
    /// 401 without or with wrong credentials, 503 when too many passwords wait to be checked.
    pub async fn authenticate(&self, app: &App, headers: &HeaderMap) -> Result<Principal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Err(Problem::unauthenticated(
                "credentials are needed: an API key, or a user and a password",
            ));
        };
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        let Some((scheme, credentials)) = text.and_then(|text| text.trim().split_once(' ')) else {
            return Err(Problem::unauthenticated("the Authorization header is malformed"));
        };
        let credentials = credentials.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "apikey" => by_key(app, credentials).await,
            "basic" => self.by_password(app, credentials).await,
            _ => Err(Problem::unauthenticated("use the scheme ApiKey or Basic")),
        }
    }

    async fn by_password(&self, app: &App, credentials: &str) -> Result<Principal> {
        let malformed = || Problem::unauthenticated("the Basic credentials are malformed");
        let bytes = BASE64.decode(credentials.as_bytes()).map_err(|_| malformed())?;
        let text = String::from_utf8(bytes).map_err(|_| malformed())?;
        let (name, password) = text.split_once(':').ok_or_else(malformed)?;
        let user = app.store.user(name).await?;
        let password = SecretString::from(password);
        if !self.verify(user.as_ref(), password, app.clock.now()).await? {
            return Err(Problem::unauthenticated(UNKNOWN));
        }
        user.map_or_else(|| Err(Problem::unauthenticated(UNKNOWN)), Principal::of)
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
    Principal::of(app.store.user(&key.user).await?.ok_or_else(unknown)?)
}
