//! `GET /clusters/elasticsearch/{cluster_id}/metadata/settings`.

use super::super::NOT_FOUND;
use super::ClusterMetadataSettings;
use crate::http::ece::resource::{HEADERS, of_cluster};
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::ok;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-es-cluster-metadata-settings",
        "Get cluster metadata settings",
    )
    .answer_with::<ClusterMetadataSettings>(200, "The settings.", HEADERS)
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(AttachedCluster(cluster): AttachedCluster) -> Response {
    of_cluster(ok(&ClusterMetadataSettings::from(&cluster)), &cluster)
}
