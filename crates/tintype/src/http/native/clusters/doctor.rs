//! `GET /clusters/{cluster_id}/_doctor`: a live examination that sends only reads.

use crate::http::Http;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::doctor::{Finding, Verify, examine};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// What is wrong, and what to do about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Examination {
    /// The worst first; empty when all is well.
    pub findings: Vec<Finding>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("examine-cluster", "What is wrong with a cluster, by reads alone")
        .answer::<Examination>(200, "What was found.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, AttachedCluster(cluster): AttachedCluster) -> Result<Response> {
    let findings = examine(&http.app, &cluster, Verify::No).await?;
    Ok(ok(&Examination { findings }))
}
