//! Which role may do what: one table, read by the guard, by the committed authorization table and by its test.

pub use crate::model::Role;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Nothing, not even credentials.
    Public,
    /// Valid credentials: about the caller itself.
    Own,
    /// See clusters, snapshots and operations.
    ReadClusters,
    /// Attach, change and detach clusters; take, restore, delete, cancel.
    ManageClusters,
    /// See platform repositories; their contents need [`Permission::ReadRepositoryContents`].
    ReadRepositories,
    /// See what is in a platform repository's configuration, secrets excepted.
    ReadRepositoryContents,
    /// Change platform repositories and their readers.
    ManageRepositories,
    /// See users and all API keys, secrets excepted.
    ReadUsers,
    /// Make, change and delete users; delete anybody's API keys.
    ManageUsers,
    /// See and change webhooks: their URLs are often all that it takes to use them.
    ManageWebhooks,
    /// Read the audit log.
    ReadAudit,
}

impl Permission {
    /// Every permission, for tables and tests.
    pub const ALL: [Self; 11] = [
        Self::Public,
        Self::Own,
        Self::ReadClusters,
        Self::ManageClusters,
        Self::ReadRepositories,
        Self::ReadRepositoryContents,
        Self::ManageRepositories,
        Self::ReadUsers,
        Self::ManageUsers,
        Self::ManageWebhooks,
        Self::ReadAudit,
    ];

    /// Any of the roles grants it. Whoever has credentials may do what concerns only itself.
    pub fn granted_to_any(self, roles: &[Role]) -> bool {
        matches!(self, Self::Public | Self::Own) || roles.iter().any(|role| self.granted_to(*role))
    }

    /// Grants changes that others see: what a second factor is asked for.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::ManageClusters | Self::ManageRepositories | Self::ManageUsers | Self::ManageWebhooks
        )
    }

    /// The table.
    pub fn granted_to(self, role: Role) -> bool {
        match self {
            Self::Public | Self::Own | Self::ReadClusters => true,
            Self::ManageClusters => matches!(role, Role::EcePlatformAdmin | Role::EceDeploymentManager),
            Self::ReadRepositories => role != Role::EceDeploymentViewer,
            Self::ReadRepositoryContents | Self::ReadUsers | Self::ReadAudit => {
                matches!(role, Role::EcePlatformAdmin | Role::EcePlatformViewer)
            }
            Self::ManageRepositories | Self::ManageUsers | Self::ManageWebhooks => {
                role == Role::EcePlatformAdmin
            }
        }
    }
}
