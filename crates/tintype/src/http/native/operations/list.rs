//! `GET /operations`: newest first.

use super::view::OperationView;
use crate::http::Http;
use crate::http::extract::{Params, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result, ok};
use crate::model::{OperationKind, Status};
use crate::store::OperationFilter;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const QUERY: &[Parameter] = &[
    Parameter::text("cluster", "Only of this cluster."),
    Parameter::text("kind", "Only of these kinds, separated by commas."),
    Parameter::text("status", "Only in these statuses, separated by commas."),
    Parameter::text(
        "before",
        "Only those older than this operation: `next` of the page before.",
    ),
    Parameter::integer("limit", "At most so many, 1 to 1000. Default: 100."),
];

/// A page of operations, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OperationList {
    /// The operations.
    pub operations: Vec<OperationView>,
    /// The value of `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-operations", "List operations")
        .query(QUERY)
        .answer::<OperationList>(200, "A page, newest first.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Query(query): Query) -> Result<Response> {
    let limit = query.integer("limit", 1..=1000)?.unwrap_or(100).unsigned_abs();
    let filter = OperationFilter {
        cluster_id: query.parsed("cluster")?,
        kinds: words(
            &query,
            "kind",
            OperationKind::parse,
            &OperationKind::ALL.map(OperationKind::as_str),
        )?,
        statuses: words(&query, "status", Status::parse, &Status::ALL.map(Status::as_str))?,
        before: query.text("before").map(str::to_owned),
        limit,
    };
    let found = http.app.store.operations(&filter).await?;
    let full = found.len() == limit as usize;
    let next = found
        .last()
        .filter(|_| full)
        .map(|operation| operation.id.clone());
    let operations = OperationView::all(found, &http).await?;
    Ok(ok(&OperationList { operations, next }))
}

fn words<T>(query: &Params, name: &str, parse: fn(&str) -> Option<T>, known: &[&str]) -> Result<Vec<T>> {
    let refused = || {
        Problem::invalid(
            name,
            format!("the query parameter {name} must be of {}", known.join(", ")),
        )
    };
    let given = query.text(name).into_iter().flat_map(|text| text.split(','));
    given.map(|word| parse(word.trim()).ok_or_else(refused)).collect()
}
