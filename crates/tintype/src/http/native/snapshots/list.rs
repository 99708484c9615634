//! `GET /clusters/{cluster_id}/snapshots`: a live look, newest first.

use crate::http::Http;
use crate::http::extract::{AttachedCluster, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use crate::operations::reads::{self, SnapshotView};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const QUERY: &[Parameter] = &[Parameter::text(
    "repository",
    "The platform's or the engine's name of the repository. Default: the cluster's.",
)];

/// Snapshots, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SnapshotList {
    /// The snapshots.
    pub snapshots: Vec<SnapshotView>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-snapshots", "The snapshots in a repository of a cluster")
        .query(QUERY)
        .answer::<SnapshotList>(200, "The snapshots, read from the engine, newest first.")
        .fails(
            404,
            &[
                "clusters.cluster_not_found",
                "clusters.snapshot.repository_not_found",
            ],
        )
        .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    Query(query): Query,
) -> Result<Response> {
    let repository = query.parsed("repository")?;
    let snapshots = reads::snapshots(&http.app, &cluster, repository.as_ref()).await?;
    Ok(ok(&SnapshotList { snapshots }))
}
