//! `GET /clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}`: a live look.

use crate::http::Http;
use crate::http::extract::{AttachedCluster, Path};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::reads::{self, SnapshotView};
use axum::extract::State;
use axum::response::Response;

/// What a route about one snapshot answers when there is none.
pub const NOT_FOUND: &[&str] = &[
    "clusters.cluster_not_found",
    "clusters.snapshot.not_found",
    "clusters.snapshot.repository_not_found",
];

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-snapshot", "Show a snapshot")
        .answer::<SnapshotView>(200, "The snapshot, read from the engine.")
        .fails(404, NOT_FOUND)
        .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    path: Path,
) -> Result<Response> {
    let (repository, name) = (path.repository()?, path.snapshot()?);
    Ok(ok(
        &reads::snapshot(&http.app, &cluster, &repository, &name).await?
    ))
}
