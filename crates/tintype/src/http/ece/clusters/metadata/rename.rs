//! `PUT /clusters/elasticsearch/{cluster_id}/metadata/name/{new_name}`.

use super::super::NOT_FOUND;
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::extract::{AttachedCluster, Path};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::clusters::{self, ChangeRequest};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("set-es-cluster-name", "Set cluster name")
        .answer::<EmptyResponse>(200, "The cluster has that name.")
        .fails(404, NOT_FOUND)
        .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    path: Path,
) -> Result<Response> {
    let name = path.text("new_name").to_owned();
    if name != cluster.name {
        let request = ChangeRequest {
            name: Some(name),
            ..ChangeRequest::default()
        };
        clusters::change(&http.app, &cluster, request).await?;
    }
    Ok(ok(&EmptyResponse {}))
}
