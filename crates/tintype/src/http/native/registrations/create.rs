//! `POST /clusters/{cluster_id}/registrations`: creates a missing registration, and never changes one.

use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::clusters::snapshot::{OPERATION, with_operation};
use crate::http::extract::{AttachedCluster, Body};
use crate::http::native::operations::OperationView;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::model::RepositoryName;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

/// A registration to make.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationBody {
    /// The platform repository.
    #[schema(value_type = String)]
    pub repository: Option<RepositoryName>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "create-registration",
        "Register a platform repository on a cluster's engine",
    )
    .body::<RegistrationBody>()
    .answer_with::<OperationView>(202, "It was begun.", &["Location", OPERATION])
    .fails(
        404,
        &[
            "clusters.cluster_not_found",
            "clusters.snapshot.repository_not_found",
        ],
    )
    .fails(
        500,
        &[
            "clusters.snapshot.failed",
            "clusters.snapshot.repository_not_found",
        ],
    )
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    AttachedCluster(cluster): AttachedCluster,
    Body(body): Body<RegistrationBody>,
) -> Result<Response> {
    let missing = || Problem::invalid("repository", "repository is missing");
    let repository = body.repository.ok_or_else(missing)?;
    let operation = http
        .app
        .operations
        .register(&cluster, &repository, &principal.name)
        .await?;
    let id = operation.id.clone();
    Ok(with_operation(
        json(StatusCode::ACCEPTED, &OperationView::new(operation, &http).await?),
        &id,
    ))
}
