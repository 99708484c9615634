//! What ECE calls a cluster's metadata, as far as Tintype keeps it: the name.

use crate::model::Cluster;
use serde::Serialize;
use utoipa::ToSchema;

pub mod get;
pub mod patch;
pub mod rename;

/// The settings of a cluster's metadata.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterMetadataSettings {
    /// The name for people.
    pub name: String,
    /// Always false.
    pub hidden: bool,
    /// Always false.
    pub system_owned: bool,
}

impl From<&Cluster> for ClusterMetadataSettings {
    fn from(cluster: &Cluster) -> Self {
        Self {
            name: cluster.name.clone(),
            hidden: false,
            system_owned: false,
        }
    }
}
