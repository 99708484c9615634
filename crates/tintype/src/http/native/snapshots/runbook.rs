//! `GET /clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/runbook`: how to restore it without Tintype.

use super::get::NOT_FOUND;
use crate::http::Http;
use crate::http::extract::{AttachedCluster, Path};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::runbook::{self, Runbook};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-snapshot-runbook",
        "Plain curl commands that restore a snapshot without Tintype",
    )
    .answer::<Runbook>(200, "The runbook; it holds no secrets.")
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
        &runbook::runbook(&http.app, &cluster, &repository, &name).await?
    ))
}
