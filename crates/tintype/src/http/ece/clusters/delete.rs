//! `DELETE /clusters/elasticsearch/{cluster_id}` detaches: nothing is sent to the engine.

use super::NOT_FOUND;
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::operations::clusters;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

const CODE: &str = "clusters.cluster_plan_state_error";

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "delete-es-cluster",
        "Detach a cluster; its engine and its snapshots stay as they are",
    )
    .answer::<EmptyResponse>(200, "It is detached.")
    .fails(404, NOT_FOUND)
    .fails(412, &[CODE])
}

/// The handler.
pub async fn handle(State(http): State<Http>, AttachedCluster(cluster): AttachedCluster) -> Result<Response> {
    let detached = clusters::detach(&http.app, &cluster.id).await;
    detached.map_err(|error| Problem::from(error).code_at(StatusCode::PRECONDITION_FAILED, CODE))?;
    Ok(ok(&EmptyResponse {}))
}
