//! `POST /clusters/{cluster_id}/snapshots`: ECE's call, answered with the whole operation.

use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::clusters::snapshot::{
    ClusterSnapshotRequest, OPERATION, take, with_failures, with_operation,
};
use crate::http::extract::{AttachedCluster, Body};
use crate::http::native::operations::OperationView;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, json};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

/// The route's description.
pub fn doc() -> Doc {
    with_failures(Doc::new("take-snapshot", "Take a snapshot")).answer_with::<OperationView>(
        202,
        "It was begun.",
        &["Location", OPERATION],
    )
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    AttachedCluster(cluster): AttachedCluster,
    headers: HeaderMap,
    Body(body): Body<ClusterSnapshotRequest>,
) -> Result<Response> {
    let taken = take(&http, principal, cluster, &headers, body).await?;
    let missing = || {
        Error::missing(
            Missing::Operation,
            format!("the operation {} is gone", taken.operation),
        )
    };
    let operation = http
        .app
        .store
        .operation(&taken.operation)
        .await?
        .ok_or_else(missing)?;
    let response = json(StatusCode::ACCEPTED, &OperationView::new(operation, &http).await?);
    Ok(with_operation(response, &taken.operation))
}
