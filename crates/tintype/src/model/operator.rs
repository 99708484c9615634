//! Who may: the people and programs that call the API, and their roles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// ECE's four roles.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    EcePlatformAdmin,
    /// Reads everything but secrets.
    EcePlatformViewer,
    /// Clusters, snapshots, restores and their settings; reads repositories without contents.
    EceDeploymentManager,
    /// Reads clusters, snapshots and operations.
    EceDeploymentViewer,
}

impl Role {
    /// Every role, for tables and tests.
    pub const ALL: [Self; 4] = [
        Self::EcePlatformAdmin,
        Self::EcePlatformViewer,
        Self::EceDeploymentManager,
        Self::EceDeploymentViewer,
    ];

    /// The word used on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EcePlatformAdmin => "ece_platform_admin",
            Self::EcePlatformViewer => "ece_platform_viewer",
            Self::EceDeploymentManager => "ece_deployment_manager",
            Self::EceDeploymentViewer => "ece_deployment_viewer",
        }
    }

    /// The role of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A user of Tintype.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    /// The user's name, which is its id.
    pub name: String,
    /// The Argon2id hash of the password, in PHC form.
    pub password_hash: String,
    /// What the user may do.
    pub roles: Vec<Role>,
    /// The user may sign in.
    pub enabled: bool,
    /// For people.
    pub full_name: Option<String>,
    /// For people.
    pub email: Option<String>,
    /// Made at the first start: nothing but its password ever changes, so that somebody can always sign in.
    pub builtin: bool,
    /// Who made it; `None` at the first start.
    pub created_by: Option<String>,
    /// Made at.
    pub created_at: Timestamp,
    /// Who changed it last.
    pub updated_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
}

/// A change of a user; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserChange {
    /// The name for people.
    pub full_name: Option<Option<String>>,
    /// The address for people.
    pub email: Option<Option<String>>,
    /// The password.
    pub password_hash: Option<String>,
    /// What the user may do.
    pub roles: Option<Vec<Role>>,
    /// The user may sign in.
    pub enabled: Option<bool>,
}

/// Nothing but the password of a built-in user changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn;

impl Operator {
    /// A user that may sign in, of whom no more is known.
    pub fn new(name: impl Into<String>, password_hash: String, roles: Vec<Role>, now: Timestamp) -> Self {
        Self {
            name: name.into(),
            password_hash,
            roles,
            enabled: true,
            full_name: None,
            email: None,
            builtin: false,
            created_by: None,
            created_at: now,
            updated_by: None,
            updated_at: now,
        }
    }

    /// Can sign in and may do everything.
    pub fn is_admin(&self) -> bool {
        self.enabled && self.roles.contains(&Role::EcePlatformAdmin)
    }

    /// The user as the change leaves it.
    ///
    /// # Errors
    /// [`BuiltIn`] when it is, and something besides the password would change.
    pub fn changed(&self, change: &UserChange, by: Option<&str>, now: Timestamp) -> Result<Self, BuiltIn> {
        let mut user = self.clone();
        replace(&mut user.full_name, &change.full_name);
        replace(&mut user.email, &change.email);
        replace(&mut user.roles, &change.roles);
        replace(&mut user.enabled, &change.enabled);
        if self.builtin && user != *self {
            return Err(BuiltIn);
        }
        replace(&mut user.password_hash, &change.password_hash);
        if user != *self {
            user.updated_by = by.map(str::to_owned);
            user.updated_at = now;
        }
        Ok(user)
    }
}

fn replace<T: Clone>(old: &mut T, new: &Option<T>) {
    if let Some(new) = new {
        old.clone_from(new);
    }
}
