//! A user as it is shown: everything but the password's hash.

use crate::http::auth::{Permission, Role};
use crate::http::router::routes;
use crate::model::Operator;
use serde::Serialize;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// The id of every call, with who may make it.
static CALLS: LazyLock<Vec<(&'static str, Permission)>> = LazyLock::new(|| {
    let calls = routes().into_iter().map(|route| (route.doc.id, route.permission));
    calls.collect()
});

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// The name, which is the id.
    pub user_name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Made at the first start: nothing but its own password changes.
    pub builtin: bool,
    /// Who made and changed it, and when.
    pub metadata: UserMetadata,
    /// What it may do.
    pub security: UserSecurity,
}

/// Who made and changed a user, and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserMetadata {
    /// Who made it; absent when it was made at the first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Made at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Who changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Changed at.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What a user may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserSecurity {
    /// Its roles.
    pub roles: Vec<Role>,
    /// The ids of the calls that these roles allow.
    pub permissions: Vec<&'static str>,
    /// It may sign in.
    pub enabled: bool,
    /// Where its password is checked: always here.
    pub security_realm: UserSecurityRealm,
}

/// Where a user's password is checked.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserSecurityRealm {
    /// `native`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `native`.
    pub id: &'static str,
}

impl From<Operator> for User {
    fn from(user: Operator) -> Self {
        let allowed = CALLS
            .iter()
            .filter(|(_, permission)| permission.granted_to_any(&user.roles));
        Self {
            user_name: user.name,
            full_name: user.full_name,
            email: user.email,
            builtin: user.builtin,
            metadata: UserMetadata {
                created_by: user.created_by,
                created_at: user.created_at.to_string(),
                updated_by: user.updated_by,
                updated_at: user.updated_at.to_string(),
            },
            security: UserSecurity {
                permissions: allowed.map(|(id, _)| *id).collect(),
                roles: user.roles,
                enabled: user.enabled,
                security_realm: UserSecurityRealm {
                    kind: "native",
                    id: "native",
                },
            },
        }
    }
}
