//! `GET /repositories/{repository_name}/verifications`: newest first.

use crate::http::Http;
use crate::http::ece::repositories::{NOT_FOUND, load};
use crate::http::extract::{Path, Query};
use crate::http::native::operations::OperationView;
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const QUERY: &[Parameter] = &[
    Parameter::text("cluster", "Only of this cluster."),
    Parameter::text(
        "before",
        "Only those older than this operation: `next` of the page before.",
    ),
    Parameter::integer("limit", "At most so many, 1 to 1000. Default: 100."),
];

/// A page of verifications, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VerificationList {
    /// The operations; the outcome of one that has ended has its verdict.
    pub verifications: Vec<OperationView>,
    /// The value of `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-verifications", "The verifications of a platform repository")
        .query(QUERY)
        .answer::<VerificationList>(200, "A page, newest first.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path, Query(query): Query) -> Result<Response> {
    let repository = load(&http, &path.repository()?).await?.name;
    let limit = query.integer("limit", 1..=1000)?.unwrap_or(100).unsigned_abs();
    let cluster = query.parsed("cluster")?;
    let found = http
        .app
        .store
        .verifications(&repository, cluster.as_ref(), query.text("before"), limit)
        .await?;
    let full = found.len() == limit as usize;
    let next = found.last().filter(|_| full).map(|one| one.id.clone());
    let verifications = OperationView::all(found, &http).await?;
    Ok(ok(&VerificationList { verifications, next }))
}
