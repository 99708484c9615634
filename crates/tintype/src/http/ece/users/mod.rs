//! Users.

use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::problem::{Problem, Result};
use crate::model::Operator;
use crate::store::{Conflict, StoreError};
use http::StatusCode;

pub mod asked;
pub mod body;
pub mod change;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod view;

/// What a route about one user answers when there is none.
pub const NOT_FOUND: &[&str] = &["user.not_found"];
/// A role that there is not.
pub const ROLES_INVALID: &str = "user.roles.invalid";
/// A role that the caller may not give.
pub const ROLES_FORBIDDEN: &str = "user.roles.forbidden";
/// A member that nobody sets, or not this caller.
pub const RESTRICTED: &str = "user.restricted_field";
/// Built-in users stay as they are.
pub const BUILT_IN: &str = "user.cannot_modify";
/// Everything else that is wrong with a request.
pub const INVALID: &str = "root.invalid_request";

/// The user of that name.
///
/// # Errors
/// 404 when there is none.
pub async fn load(http: &Http, name: &str) -> Result<Operator> {
    http.app.store.user(name).await?.ok_or_else(not_found)
}

fn not_found() -> Problem {
    Error::missing(Missing::User, "there is no such user").into()
}

/// A 400 with one of the codes above.
fn refused(code: &'static str, field: &str, message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, message).field(field)
}

/// A refusal of the store's; `last_admin` is what stands for the end of the last administrator.
fn explain(error: StoreError, last_admin: (&'static str, &str)) -> Problem {
    match error {
        StoreError::NotFound(_) => not_found(),
        StoreError::Conflict(why @ Conflict::BuiltInUser) => refused(BUILT_IN, "user_name", why.to_string()),
        StoreError::Conflict(why @ Conflict::LastAdmin) => {
            refused(last_admin.0, last_admin.1, why.to_string())
        }
        other => other.into(),
    }
}
