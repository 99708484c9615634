//! The API keys of a user that the path names.

use super::{missing, named};
use crate::http::Http;
use crate::http::extract::Path;
use crate::http::problem::{Problem, Result};
use crate::model::ApiKey;
use http::StatusCode;

pub mod delete;
pub mod delete_all;
pub mod get;
pub mod list;

/// What a route about a user's keys answers when there is no such user.
pub const NO_USER: &[&str] = &["api_keys.user_not_found"];

fn no_user() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, NO_USER[0], "there is no such user")
}

async fn key(http: &Http, path: &Path) -> Result<ApiKey> {
    let found = named(http, path.text("user_id"), path).await?;
    Ok(found.ok_or_else(|| missing("this user has no API key with this id"))?)
}
