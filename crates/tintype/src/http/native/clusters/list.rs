//! `GET /clusters`.

use super::view::ClusterView;
use crate::http::Http;
use crate::http::extract::Query;
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use crate::store::ClusterPage;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const QUERY: &[Parameter] = &[
    Parameter::integer("from", "The number of clusters to skip. Default: 0."),
    Parameter::integer("size", "At most so many clusters, 1 to 1000. Default: 100."),
    Parameter::text(
        "q",
        "Only clusters whose id or name contains this text, without regard to case.",
    ),
];

/// A page of clusters.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClusterList {
    /// The clusters, by id.
    pub clusters: Vec<ClusterView>,
    /// The number of all that match.
    pub total: u64,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-clusters", "List clusters")
        .query(QUERY)
        .answer::<ClusterList>(200, "A page of clusters.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Query(query): Query) -> Result<Response> {
    let page = ClusterPage {
        from: query
            .integer("from", 0..=i32::MAX)?
            .unwrap_or(0)
            .unsigned_abs()
            .into(),
        size: Some(
            query
                .integer("size", 1..=1000)?
                .unwrap_or(100)
                .unsigned_abs()
                .into(),
        ),
        contains: query.text("q").map(str::to_owned),
    };
    let (clusters, total) = http.app.store.clusters(&page).await?;
    let shown = ClusterView::all(clusters, &http).await?;
    Ok(ok(&ClusterList {
        clusters: shown,
        total,
    }))
}
