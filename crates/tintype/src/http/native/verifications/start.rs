//! `POST /repositories/{repository_name}/verifications`: reads the storage and says what can be restored.

use super::OptionsBody;
use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::{Body, Object, Path};
use crate::http::native::operations::OperationView;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::model::{Cluster, ClusterId};
use crate::operations::verify::VerifyRequest;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};

/// What to verify.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationBody {
    /// The location of this cluster alone; of every cluster that uses the repository when absent.
    #[schema(required = false)]
    pub cluster_id: Option<String>,
    /// How.
    #[schema(required = false, value_type = Option<OptionsBody>)]
    pub options: Option<Object<OptionsBody>>,
}

/// Verifications that were begun, one for each cluster.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VerificationsBegun {
    /// The operations.
    pub operations: Vec<OperationView>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "verify-repository",
        "Read a platform repository's storage and say which snapshots can be restored",
    )
    .optional_body::<VerificationBody>()
    .answer::<VerificationsBegun>(
        202,
        "They were begun; what is being verified already is not among them.",
    )
    .fails(
        404,
        &[
            "clusters.cluster_not_found",
            "clusters.snapshot.repository_not_found",
        ],
    )
    .fails(409, &["root.conflict"])
    .fails(412, &["root.precondition_failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    path: Path,
    Body(body): Body<VerificationBody>,
) -> Result<Response> {
    let repository = http.app.operations.platform(&path.repository()?).await?.name;
    let options = body.options.unwrap_or_default().0.checked()?;
    let cluster = match body.cluster_id {
        Some(id) => Some(attached(&http, &id).await?),
        None => None,
    };
    let request = VerifyRequest {
        repository,
        cluster,
        requested_by: principal.name,
        options,
    };
    let begun = http.app.operations.verify(request).await?;
    let operations = OperationView::all(begun, &http).await?;
    Ok(json(StatusCode::ACCEPTED, &VerificationsBegun { operations }))
}

async fn attached(http: &Http, id: &str) -> Result<Cluster> {
    let id: ClusterId = id
        .parse()
        .map_err(|error| Problem::from(Error::name("cluster_id", &error)))?;
    let missing = || Error::missing(Missing::Cluster, "no cluster with this id is attached");
    Ok(http.app.store.cluster(&id).await?.ok_or_else(missing)?)
}
