//! `POST /clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/_restore`: under names that do not exist.

use super::get::NOT_FOUND;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::clusters::snapshot::{OPERATION, with_operation};
use crate::http::extract::{AttachedCluster, Body, Path};
use crate::http::native::operations::OperationView;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, json};
use crate::operations::RestoreRequest;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What to restore, under which names.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreBody {
    /// Names or wildcards; all when absent.
    #[schema(required = false)]
    pub indices: Option<Vec<String>>,
    /// Put before each name that `rename` does not have.
    #[schema(required = false)]
    pub rename_prefix: Option<String>,
    /// Put behind each name that `rename` does not have.
    #[schema(required = false)]
    pub rename_suffix: Option<String>,
    /// Exact names: index in the snapshot → index to make.
    #[schema(required = false)]
    pub rename: Option<BTreeMap<String, String>>,
    /// Restore the aliases too.
    #[schema(required = false)]
    pub include_aliases: Option<bool>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "restore-snapshot",
        "Restore indices of a snapshot on the same cluster, under other names",
    )
    .optional_body::<RestoreBody>()
    .answer_with::<OperationView>(202, "It was begun.", &["Location", OPERATION])
    .fails(404, NOT_FOUND)
    .fails(409, &["clusters.snapshot.index_conflict", "root.conflict"])
    .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    AttachedCluster(cluster): AttachedCluster,
    path: Path,
    Body(body): Body<RestoreBody>,
) -> Result<Response> {
    let request = RestoreRequest {
        cluster,
        requested_by: principal.name,
        repository: path.repository()?,
        snapshot: path.snapshot()?,
        indices: body.indices.unwrap_or_default(),
        rename_prefix: body.rename_prefix.unwrap_or_default(),
        rename_suffix: body.rename_suffix.unwrap_or_default(),
        rename: body.rename.unwrap_or_default(),
        include_aliases: body.include_aliases.unwrap_or(false),
    };
    let operation = http.app.operations.restore(request).await?;
    let id = operation.id.clone();
    Ok(with_operation(
        json(StatusCode::ACCEPTED, &OperationView::new(operation, &http).await?),
        &id,
    ))
}
