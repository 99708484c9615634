//! `PATCH /clusters/{cluster_id}`: absent members stay, null unsets those that may be unset.

use super::body::{EngineAuthBody, address, certificates, fingerprint};
use super::view::ClusterView;
use crate::http::Http;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::{AttachedCluster, Body, Object, present};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::model::{AccessLevel, RepositoryName};
use crate::operations::clusters::{self, ChangeRequest};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

/// What to change.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// The name for people.
    #[schema(required = false)]
    pub name: Option<String>,
    /// The engine's address.
    #[schema(required = false)]
    pub url: Option<String>,
    /// What may be sent to it.
    #[schema(required = false)]
    pub access: Option<AccessLevel>,
    /// How to prove ourselves, whole: no secret is kept from before.
    #[schema(required = false, value_type = Option<EngineAuthBody>)]
    pub auth: Option<Object<EngineAuthBody>>,
    /// The only certificate authorities trusted, PEM; null: the system's.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub ca: Option<Option<String>>,
    /// The only server certificate trusted; null: none in particular.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub fingerprint: Option<Option<String>>,
    /// Credentials may cross plain HTTP beyond loopback.
    #[schema(required = false)]
    pub allow_plain_http: Option<bool>,
    /// The platform repository; null: the platform's default.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub repository: Option<Option<RepositoryName>>,
    /// The repository's name on the engine; null: the platform's.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub engine_repository: Option<Option<RepositoryName>>,
    /// The location under the platform repository; null: the cluster's id.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Option<String>)]
    pub location: Option<Option<String>>,
    /// Take the location that the engine already has under that name.
    #[schema(required = false)]
    pub adopt: Option<bool>,
    /// Pin the uuid that answers now, whatever was pinned before.
    #[schema(required = false)]
    pub repin: Option<bool>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "change-cluster",
        "Change a cluster; its engine is looked at again when how to reach it changes",
    )
    .body::<ChangeBody>()
    .answer::<ClusterView>(200, "The cluster as it is now.")
    .fails(404, NOT_FOUND)
    .fails(404, &["clusters.snapshot.repository_not_found"])
    .fails(409, &["root.conflict"])
    .fails(412, &["root.precondition_failed"])
    .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    Body(body): Body<ChangeBody>,
) -> Result<Response> {
    let changed = clusters::change(&http.app, &cluster, request(body)?).await?;
    Ok(ok(&ClusterView::load(changed, &http).await?))
}

fn request(body: ChangeBody) -> Result<ChangeRequest> {
    let ca = body
        .ca
        .map(|pem| pem.map(|pem| certificates("ca", pem)).transpose());
    let pinned = body
        .fingerprint
        .map(|text| text.as_deref().map(fingerprint).transpose());
    Ok(ChangeRequest {
        name: body.name,
        url: body.url.as_deref().map(address).transpose()?,
        access: body.access,
        auth: body.auth.map(|Object(auth)| auth.secrets()).transpose()?,
        ca: ca.transpose()?,
        fingerprint: pinned.transpose()?,
        allow_plain_http: body.allow_plain_http,
        repository: body.repository,
        engine_repository: body.engine_repository,
        location: body.location,
        adopt: body.adopt.unwrap_or(false),
        repin: body.repin.unwrap_or(false),
    })
}
