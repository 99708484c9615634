//! API keys: the caller's own here, those of others in `all` and `of_user`.

use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::Path;
use crate::http::problem::Result;
use crate::model::ApiKey;
use serde::Serialize;

pub mod all;
pub mod create;
pub mod delete;
pub mod delete_many;
pub mod get;
pub mod list;
pub mod of_user;

/// What a route about one key answers when the caller has none of that id.
pub const NOT_FOUND: &[&str] = &["api_keys.key_not_found"];
/// The code of a refused request.
pub const INVALID: &str = "api_keys.invalid_input";

/// An API key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApiKeyResponse {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What its owner wrote about it.
    pub description: String,
    /// The key itself: only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub creation_date: String,
}

impl ApiKeyResponse {
    /// Without its secret.
    pub fn new(key: &ApiKey) -> Self {
        Self {
            id: key.id.clone(),
            user_id: key.user.clone(),
            description: key.description.clone(),
            key: None,
            creation_date: key.created_at.to_string(),
        }
    }
}

/// The caller's key that the path names; another user's is as unknown as none.
async fn own(http: &Http, principal: &Principal, path: &Path) -> Result<ApiKey> {
    let key = named(http, &principal.name, path).await?;
    Ok(key.ok_or_else(|| missing("you have no API key with this id"))?)
}

/// The user's key that the path names.
async fn named(http: &Http, user: &str, path: &Path) -> Result<Option<ApiKey>> {
    let key = http.app.store.api_key(path.text("api_key_id")).await?;
    Ok(key.filter(|key| key.user == user))
}

fn missing(message: impl Into<String>) -> Error {
    Error::missing(Missing::ApiKey, message)
}
