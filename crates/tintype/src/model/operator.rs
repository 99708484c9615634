//! Who may: the people and programs that call the API, and their roles.

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
}
