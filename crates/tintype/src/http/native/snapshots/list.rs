//! `GET /clusters/{cluster_id}/snapshots`: a live look, newest first.

use crate::http::Http;
use crate::http::extract::{AttachedCluster, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use crate::operations::reads::{self, Of, SnapshotQuery, SnapshotView};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use std::collections::BTreeMap;

const QUERY: &[Parameter] = &[
    Parameter::text(
        "repository",
        "The platform's or the engine's name of the repository, or _all for every registration. Default: the cluster's.",
    ),
    Parameter::text(
        "state",
        "Only snapshots in these states, in the engine's words by commas, such as PARTIAL,FAILED.",
    ),
    Parameter::integer("limit", "At most so many, 1 to 10000. Default: 1000."),
];

/// Snapshots, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SnapshotList {
    /// The newest of those that match.
    pub snapshots: Vec<SnapshotView>,
    /// How many match.
    pub total: u64,
    /// Repositories that could not be read, with the reason; only where all are asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub problems: BTreeMap<String, String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-snapshots", "The snapshots of a cluster, whoever made them")
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
    let of = match query.text("repository") {
        None => Of::Own,
        Some("_all") => Of::All,
        Some(_) => query.parsed("repository")?.map_or(Of::Own, Of::Named),
    };
    let states = query.text("state").unwrap_or_default().split(',').map(str::trim);
    let limit = query.integer("limit", 1..=10_000)?.unwrap_or(1000).unsigned_abs();
    let asked = SnapshotQuery {
        of,
        states: states
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_uppercase)
            .collect(),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let found = reads::snapshots(&http.app, &cluster, &asked).await?;
    Ok(ok(&SnapshotList {
        snapshots: found.snapshots,
        total: found.total,
        problems: found.problems,
    }))
}
