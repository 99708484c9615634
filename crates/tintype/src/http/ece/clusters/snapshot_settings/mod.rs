//! What ECE calls a cluster's snapshot settings, as far as Tintype keeps them: the repository.

use crate::http::Http;
use crate::http::problem::Result;
use crate::model::Cluster;
use crate::operations::repositories::configured_among;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub mod get;
pub mod patch;

/// A cluster's snapshot settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterSnapshotSettings {
    /// The repository, when it is the cluster's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_name: Option<String>,
    /// Where snapshots go when a request does not say.
    pub repository: ClusterSnapshotRepositoryInfo,
    /// Always false: snapshots are taken when somebody asks for one.
    pub enabled: bool,
    /// Always empty: nothing goes on by itself that could be suspended.
    pub suspended: Vec<String>,
    /// Always false.
    pub slm: bool,
}

/// The cluster's own repository, or the platform's default.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterSnapshotRepositoryInfo {
    /// The cluster's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<ClusterSnapshotRepositoryReference>,
    /// The platform's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<ClusterSnapshotRepositoryDefault>,
}

/// A repository by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterSnapshotRepositoryReference {
    /// The platform's name, or the engine's when only the engine knows it.
    pub repository_name: String,
}

/// The platform's default repository.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSnapshotRepositoryDefault {}

impl ClusterSnapshotSettings {
    /// A cluster's.
    pub async fn load(http: &Http, cluster: &Cluster) -> Result<Self> {
        let own = own_repository(http, cluster).await?;
        let reference = own
            .clone()
            .map(|repository_name| ClusterSnapshotRepositoryReference { repository_name });
        Ok(Self {
            repository: ClusterSnapshotRepositoryInfo {
                default: own.is_none().then_some(ClusterSnapshotRepositoryDefault {}),
                reference,
            },
            repository_name: own,
            enabled: false,
            suspended: Vec::new(),
            slm: false,
        })
    }
}

/// The repository that the cluster itself names; on the engine, when the platform has none for it.
async fn own_repository(http: &Http, cluster: &Cluster) -> Result<Option<String>> {
    if let Some(name) = &cluster.repository {
        return Ok(Some(name.to_string()));
    }
    let platform = http.app.store.repositories().await?;
    let configured = configured_among(&platform, cluster)?;
    Ok(configured
        .filter(|one| one.platform.is_none())
        .map(|one| one.engine_name.to_string()))
}
