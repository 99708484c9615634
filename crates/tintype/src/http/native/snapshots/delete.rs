//! `DELETE /clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}`: only what Tintype made.

use super::get::NOT_FOUND;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::clusters::snapshot::{OPERATION, with_operation};
use crate::http::extract::{AttachedCluster, Path, Query};
use crate::http::native::operations::OperationView;
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, json};
use crate::operations::DeleteRequest;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

const QUERY: &[Parameter] = &[Parameter::text(
    "uuid",
    "Only if the snapshot has this uuid. Without it the uuid counts that was recorded when it was taken.",
)];

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-snapshot", "Delete a snapshot that Tintype made")
        .query(QUERY)
        .answer_with::<OperationView>(202, "It was begun.", &["Location", OPERATION])
        .fails(404, NOT_FOUND)
        .fails(409, &["root.conflict"])
        .fails(412, &["root.precondition_failed"])
        .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    AttachedCluster(cluster): AttachedCluster,
    path: Path,
    Query(query): Query,
) -> Result<Response> {
    let request = DeleteRequest {
        cluster,
        requested_by: principal.name,
        repository: path.repository()?,
        snapshot: path.snapshot()?,
        uuid: query.not_empty("uuid")?.map(str::to_owned),
    };
    let operation = http.app.operations.delete_snapshot(request).await?;
    let id = operation.id.clone();
    Ok(with_operation(
        json(StatusCode::ACCEPTED, &OperationView::new(operation, &http).await?),
        &id,
    ))
}
