//! A change of a user, as asked by somebody: what that caller may change of it.

use super::body::{UserBody, Wanted};
use super::view::User;
use super::{BUILT_IN, INVALID, RESTRICTED, ROLES_FORBIDDEN, ROLES_INVALID, explain, refused};
use crate::clock::to_millis;
use crate::http::Http;
use crate::http::auth::{Credential, Permission, Principal};
use crate::http::problem::{Problem, Result, ok};
use crate::model::{Operator, UserChange};
use axum::response::Response;

/// The codes with which a change is refused.
pub const REFUSED: &[&str] = &[INVALID, ROLES_INVALID, RESTRICTED, BUILT_IN];

/// Changes the user as the body says, and shows it.
///
/// # Errors
/// 400 naming the member, 404 when the user is gone, 503 when too many passwords wait.
pub async fn change(http: &Http, principal: &Principal, user: Operator, body: UserBody) -> Result<Response> {
    same_name(body.user_name.as_deref(), &user.name)?;
    let shown = serde_json::to_value(User::from(user.clone())).unwrap_or_default();
    let wanted = body.wanted(&shown)?;
    let wanted = permit(principal, &user, wanted)?;
    let change = to_store(http, wanted).await?;
    let at = if change.enabled == Some(false) {
        "security.enabled"
    } else {
        "security.roles"
    };
    let now = to_millis(http.app.clock.now());
    let changed = http
        .app
        .store
        .change_user(&user.name, &change, Some(&principal.name), now)
        .await
        .map_err(|error| explain(error, (RESTRICTED, at)))?;
    Ok(ok(&User::from(changed)))
}

/// Clients repeat the name, and some of them send an empty one about themselves.
fn same_name(given: Option<&str>, name: &str) -> Result<()> {
    if given.is_none_or(|given| given.is_empty() || given == name) {
        return Ok(());
    }
    let message = "user_name cannot be changed: make another user";
    Err(refused(RESTRICTED, "user_name", message))
}

/// What the caller may change of it.
fn permit(principal: &Principal, user: &Operator, mut wanted: Wanted) -> Result<Wanted> {
    if !principal.may(Permission::ManageUsers) {
        unchanged_rights(user, &wanted)?;
        // Not written either: an administrator may be changing them right now.
        (wanted.roles, wanted.enabled) = (None, None);
    }
    if wanted.password.is_none() {
        return Ok(wanted);
    }
    if principal.name == user.name {
        proven(principal)?;
    } else if user.builtin {
        let message = "the password of a built-in user is changed by itself alone, or with tintype init";
        return Err(refused(BUILT_IN, "security.password", message));
    }
    Ok(wanted)
}

/// What only an administrator changes may come back as it is.
fn unchanged_rights(user: &Operator, wanted: &Wanted) -> Result<()> {
    let given = wanted.roles.as_deref();
    if given.is_some_and(|given| {
        given.len() != user.roles.len() || given.iter().any(|role| !user.roles.contains(role))
    }) {
        let message = "security.roles: only a user with the role ece_platform_admin changes roles";
        return Err(refused(ROLES_FORBIDDEN, "security.roles", message));
    }
    if wanted.enabled.is_some_and(|enabled| enabled != user.enabled) {
        let message = "security.enabled: only a user with the role ece_platform_admin changes it";
        return Err(refused(RESTRICTED, "security.enabled", message));
    }
    Ok(())
}

/// A key that leaked must not lock its owner out.
fn proven(principal: &Principal) -> Result<()> {
    if !matches!(principal.by, Credential::ApiKey { .. }) {
        return Ok(());
    }
    let message =
        "security.password: an API key does not change its own user's password: sign in with the present one";
    Err(refused(RESTRICTED, "security.password", message))
}

async fn to_store(http: &Http, wanted: Wanted) -> std::result::Result<UserChange, Problem> {
    let password_hash = match wanted.password {
        Some(password) => Some(http.authenticator.hash(password).await?),
        None => None,
    };
    Ok(UserChange {
        full_name: wanted.full_name,
        email: wanted.email,
        password_hash,
        roles: wanted.roles,
        enabled: wanted.enabled,
    })
}
