//! The API keys of a user that the path names.

use super::{cut, missing, named};
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

fn no_user(path: &Path) -> Problem {
    let message = format!("there is no user {:?}", cut(path.text("user_id")));
    Problem::new(StatusCode::NOT_FOUND, NO_USER[0], message)
}

async fn key(http: &Http, path: &Path) -> Result<ApiKey> {
    let user = path.text("user_id");
    let found = named(http, user, path).await?;
    let id = cut(path.text("api_key_id"));
    Ok(found.ok_or_else(|| missing(format!("{:?} has no API key with the id {id:?}", cut(user))))?)
}
