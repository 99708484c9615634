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
    /// Attach, change and detach clusters; take, restore, cancel.
    ManageClusters,
    /// See platform repositories; their contents need [`Permission::ReadRepositoryContents`].
    ReadRepositories,
    /// See what is in a platform repository's configuration, secrets excepted.
    ReadRepositoryContents,
    /// Change platform repositories and their readers.
    ManageRepositories,
    /// Read the audit log.
    ReadAudit,
}

impl Permission {
    /// Every permission, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Public,
        Self::Own,
        Self::ReadClusters,
        Self::ManageClusters,
        Self::ReadRepositories,
        Self::ReadRepositoryContents,
        Self::ManageRepositories,
        Self::ReadAudit,
    ];

    /// The table.
    pub fn granted_to(self, role: Role) -> bool {
        match self {
            Self::Public | Self::Own | Self::ReadClusters => true,
            Self::ManageClusters => matches!(role, Role::EcePlatformAdmin | Role::EceDeploymentManager),
            Self::ReadRepositories => role != Role::EceDeploymentViewer,
            Self::ReadRepositoryContents | Self::ReadAudit => {
                matches!(role, Role::EcePlatformAdmin | Role::EcePlatformViewer)
            }
            Self::ManageRepositories => role == Role::EcePlatformAdmin,
        }
    }
}
