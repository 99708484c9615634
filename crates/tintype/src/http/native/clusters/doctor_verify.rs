//! `POST /clusters/{cluster_id}/_doctor`: as the `GET`, and `_verify` of each repository where the access level allows it.

use super::doctor::Examination;
use crate::http::Http;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::doctor::{Verify, examine};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "examine-cluster-and-verify",
        "What is wrong with a cluster; at access operate its repositories are written to and read back",
    )
    .answer::<Examination>(200, "What was found.")
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, AttachedCluster(cluster): AttachedCluster) -> Result<Response> {
    let findings = examine(&http.app, &cluster, Verify::Allowed).await?;
    Ok(ok(&Examination { findings }))
}
