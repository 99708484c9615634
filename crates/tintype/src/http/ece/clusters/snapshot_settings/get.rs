//! `GET /clusters/elasticsearch/{cluster_id}/snapshot/settings`.

use super::super::NOT_FOUND;
use super::ClusterSnapshotSettings;
use crate::http::Http;
use crate::http::ece::resource::{HEADERS, of_cluster};
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-es-cluster-snapshot-settings",
        "Get cluster snapshot settings",
    )
    .answer_with::<ClusterSnapshotSettings>(200, "The settings.", HEADERS)
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, AttachedCluster(cluster): AttachedCluster) -> Result<Response> {
    let settings = ClusterSnapshotSettings::load(&http, &cluster).await?;
    Ok(of_cluster(ok(&settings), &cluster))
}
