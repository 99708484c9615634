//! A user as a request describes it, and whether each member can be honoured.

use super::{INVALID, RESTRICTED, ROLES_INVALID, refused};
use crate::http::auth::Role;
use crate::http::extract::{Object, present};
use crate::http::problem::Result;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The least characters of a password.
const SHORTEST_PASSWORD: usize = 8;
/// The most bytes of a password.
const LONGEST_PASSWORD: usize = 1024;
/// The most bytes of a name for people.
const LONGEST_NAME: usize = 256;
/// The most bytes of an address, as mail itself has it.
const LONGEST_EMAIL: usize = 254;

/// A user to make, or what to change of one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserRequest)]
pub struct UserBody {
    /// The name; needed to make a user, and never changed.
    #[schema(required = false)]
    pub user_name: Option<String>,
    /// For people; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub full_name: Option<Option<String>>,
    /// For people; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// The password, the roles, and whether it may sign in.
    #[schema(required = false, value_type = Option<UserSecurityBody>)]
    pub security: Option<Object<UserSecurityBody>>,
    /// As it is shown: nobody sets it.
    #[schema(ignore)]
    pub builtin: Option<Value>,
    /// As it is shown: nobody sets it.
    #[schema(ignore)]
    pub metadata: Option<Value>,
}

/// The part of a user that decides what it may.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserSecurityRequest)]
pub struct UserSecurityBody {
    /// At least 8 characters; needed to make a user.
    #[schema(required = false, value_type = Option<String>)]
    pub password: Option<SecretString>,
    /// All its roles.
    #[schema(required = false, value_type = Option<Vec<Role>>)]
    pub roles: Option<Vec<String>>,
    /// It may sign in.
    #[schema(required = false)]
    pub enabled: Option<bool>,
    /// As they are shown: they follow from the roles.
    #[schema(ignore)]
    pub permissions: Option<Value>,
    /// As it is shown: nobody sets it.
    #[schema(ignore)]
    pub elevated_permissions: Option<Value>,
    /// As it is shown: nobody sets it.
    #[schema(ignore)]
    pub security_realm: Option<Value>,
}

/// What a body asks for, each member valid.
#[derive(Default)]
pub struct Wanted {
    /// The name for people.
    pub full_name: Option<Option<String>>,
    /// The address for people.
    pub email: Option<Option<String>>,
    /// The password.
    pub password: Option<SecretString>,
    /// The roles, each once.
    pub roles: Option<Vec<Role>>,
    /// It may sign in.
    pub enabled: Option<bool>,
}

impl UserBody {
    /// Checks it. `shown` is the user as it is shown: members that nobody sets may come back as they are.
    ///
    /// # Errors
    /// 400 naming the member.
    pub fn wanted(self, shown: &Value) -> Result<Wanted> {
        let Object(security) = self.security.unwrap_or_default();
        for (member, given) in [
            ("builtin", &self.builtin),
            ("metadata", &self.metadata),
            ("security.permissions", &security.permissions),
            ("security.elevated_permissions", &security.elevated_permissions),
            ("security.security_realm", &security.security_realm),
        ] {
            let now = member.split('.').fold(shown, |value, part| &value[part]);
            if given.as_ref().is_some_and(|given| !is_part(given, now)) {
                let message = format!("{member} cannot be set: it is read only");
                return Err(refused(RESTRICTED, member, message));
            }
        }
        Ok(Wanted {
            full_name: self
                .full_name
                .map(|text| text.map_or(Ok(None), full_name))
                .transpose()?,
            email: self.email.map(|text| text.map_or(Ok(None), email)).transpose()?,
            password: security.password.map(password).transpose()?,
            roles: security.roles.as_deref().map(roles).transpose()?,
            enabled: security.enabled,
        })
    }
}

/// Nothing in it differs from what is there.
fn is_part(given: &Value, now: &Value) -> bool {
    match given {
        Value::Null => true,
        Value::Object(members) => members
            .iter()
            .all(|(name, given)| is_part(given, &now[name.as_str()])),
        given => given == now,
    }
}

fn full_name(text: String) -> Result<Option<String>> {
    if text.len() > LONGEST_NAME || text.contains(char::is_control) {
        let message = format!("full_name must have at most {LONGEST_NAME} bytes and no control characters");
        return Err(refused(INVALID, "full_name", message));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn email(text: String) -> Result<Option<String>> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    let parts = text.rsplit_once('@');
    let formed = parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !text.is_empty() && (!formed || text.len() > LONGEST_EMAIL || text.contains(odd)) {
        let message =
            format!("email must be an address such as jane@example.org, of at most {LONGEST_EMAIL} bytes");
        return Err(refused(INVALID, "email", message));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn password(password: SecretString) -> Result<SecretString> {
    let text = password.expose_secret();
    if text.chars().count() < SHORTEST_PASSWORD || text.len() > LONGEST_PASSWORD {
        let message = format!(
            "security.password must have at least {SHORTEST_PASSWORD} characters and at most {LONGEST_PASSWORD} bytes"
        );
        return Err(refused(INVALID, "security.password", message));
    }
    Ok(password)
}

fn roles(words: &[String]) -> Result<Vec<Role>> {
    let mut roles = BTreeSet::new();
    for word in words {
        let unknown = || {
            let known = Role::ALL.map(Role::as_str).join(", ");
            let message = format!("security.roles: it names a role that there is not; the roles are {known}");
            refused(ROLES_INVALID, "security.roles", message)
        };
        roles.insert(Role::of_word(word).ok_or_else(unknown)?);
    }
    Ok(roles.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_only_may_come_back_as_it_was_shown() {
        let shown = json!({"a": {"b": 1, "c": [1, 2]}});
        for same in [
            json!(null),
            json!({}),
            json!({"b": 1}),
            json!({"c": [1, 2], "d": null}),
        ] {
            assert!(is_part(&same, &shown["a"]), "{same}");
        }
        for other in [
            json!({"b": 2}),
            json!({"c": [1]}),
            json!({"d": {"e": 1}}),
            json!([]),
            json!("x"),
        ] {
            assert!(!is_part(&other, &shown["a"]), "{other}");
        }
    }

    #[test]
    fn roles_are_a_set_and_addresses_have_two_parts() {
        let viewer = || "ece_platform_viewer".to_owned();
        assert_eq!(roles(&[viewer(), viewer()]).unwrap(), [Role::EcePlatformViewer]);
        for bad in ["x", "@", "a@", "@b", "a b@c", "a@b\n"] {
            assert!(email(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert_eq!(email(String::new()).unwrap(), None);
    }

    #[test]
    fn a_password_is_counted_in_characters_and_bounded_in_bytes() {
        for (text, good) in [
            ("ääääääää".to_owned(), true),
            ("äääääää".to_owned(), false),
            ("x".repeat(1024), true),
            ("x".repeat(1025), false),
        ] {
            assert_eq!(password(text.as_str().into()).is_ok(), good, "{}", text.len());
        }
    }
}
