//! `GET /clusters/{cluster_id}`.

use super::view::ClusterView;
use crate::http::Http;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-cluster", "Show a cluster")
        .answer::<ClusterView>(200, "The cluster as it was last seen.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, AttachedCluster(cluster): AttachedCluster) -> Result<Response> {
    Ok(ok(&ClusterView::load(cluster, &http).await?))
}
