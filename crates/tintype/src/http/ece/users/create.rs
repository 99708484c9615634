//! `POST /users`: enabled unless it says otherwise, with the roles that it names and no others.

use super::body::UserBody;
use super::view::User;
use super::{INVALID, RESTRICTED, ROLES_INVALID, refused};
use crate::clock::to_millis;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::model::{Operator, UserName};
use crate::store::{Conflict, StoreError};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

/// A name that breaks the rule.
const NAME_INVALID: &str = "user.user_name.invalid";
/// A name that is taken.
const NAME_CONFLICT: &str = "user.user_name.conflict";

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("create-user", "Creates a new user")
        .body::<UserBody>()
        .answer::<User>(200, "The user.")
        .fails(400, &[INVALID, NAME_INVALID, ROLES_INVALID, RESTRICTED])
        .fails(409, &[NAME_CONFLICT])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    Body(body): Body<UserBody>,
) -> Result<Response> {
    let name = name(body.user_name.as_deref())?;
    let wanted = body.wanted(&json!({ "builtin": false }))?;
    let missing = || refused(INVALID, "security.password", "security.password is missing");
    let password = wanted.password.ok_or_else(missing)?;
    let hash = http.authenticator.hash(password).await?;
    let now = to_millis(http.app.clock.now());
    let user = Operator {
        full_name: wanted.full_name.flatten(),
        email: wanted.email.flatten(),
        enabled: wanted.enabled.unwrap_or(true),
        created_by: Some(principal.name),
        ..Operator::new(name, hash, wanted.roles.unwrap_or_default(), now)
    };
    match http.app.store.create_user(&user).await {
        Err(StoreError::Conflict(why @ Conflict::UserExists)) => {
            Err(Problem::new(StatusCode::CONFLICT, NAME_CONFLICT, why.to_string()).field("user_name"))
        }
        made => Ok(made.map(|()| ok(&User::from(user)))?),
    }
}

fn name(given: Option<&str>) -> Result<UserName> {
    let given = given.ok_or_else(|| refused(NAME_INVALID, "user_name", "user_name is missing"))?;
    given
        .parse()
        .map_err(|error| refused(NAME_INVALID, "user_name", format!("{error}")))
}
