//! `DELETE /platform/configuration/snapshots/repositories/{repository_name}`: forgets the template, nothing else.

use super::{NOT_FOUND, not_found};
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::extract::{Path, Query};
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use crate::store::StoreError;
use axum::extract::State;
use axum::response::Response;

/// The query parameter of this call and its native twin.
pub const QUERY: &[Parameter] = &[Parameter::boolean(
    "cleanup_deployments",
    "Unset it on the clusters that name it, instead of 409.",
)];

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-snapshot-repository", "Delete snapshot repository")
        .query(QUERY)
        .answer::<EmptyResponse>(
            200,
            "It is forgotten; registrations and snapshots stay as they are.",
        )
        .fails(404, NOT_FOUND)
        .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path, Query(query): Query) -> Result<Response> {
    let name = path.repository()?;
    let cleanup = query.boolean("cleanup_deployments").unwrap_or(false);
    match http.app.store.delete_repository(&name, cleanup).await {
        Err(StoreError::NotFound(_)) => Err(not_found()),
        deleted => deleted.map(|()| ok(&EmptyResponse {})).map_err(Into::into),
    }
}
