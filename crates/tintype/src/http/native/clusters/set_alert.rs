//! `PUT /clusters/{cluster_id}/alert`: a limit of the cluster's own.

use super::alert::AlertView;
use crate::http::Http;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::{AttachedCluster, Body};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// The longest limit: a year.
const LONGEST: i64 = 31_536_000;

/// A cluster's limit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertBody {
    /// The age from which the newest good snapshot is too old, 1 to 31536000 seconds; null or absent: the
    /// configuration's.
    #[schema(required = false)]
    pub max_age_seconds: Option<i64>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "set-cluster-alert",
        "Set how old a cluster's newest good snapshot may be",
    )
    .optional_body::<AlertBody>()
    .answer::<AlertView>(
        200,
        "As it stands now; what is late by the new limit is told within seconds.",
    )
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    Body(body): Body<AlertBody>,
) -> Result<Response> {
    if body
        .max_age_seconds
        .is_some_and(|seconds| !(1..=LONGEST).contains(&seconds))
    {
        let message = format!("max_age_seconds must be 1 to {LONGEST}, or null");
        return Err(Problem::invalid("max_age_seconds", message));
    }
    http.app
        .store
        .set_max_age(&cluster.id, body.max_age_seconds)
        .await?;
    Ok(ok(&AlertView::load(&cluster, &http).await?))
}
