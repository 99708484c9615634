//! `POST /clusters`: looks at the engine, pins its uuid and attaches it.

use super::body::{EngineAuthBody, address, certificates, fingerprint};
use super::view::ClusterView;
use crate::http::Http;
use crate::http::extract::{Body, Object};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::model::{AccessLevel, ClusterId, ClusterSecrets, EngineAuth, RepositoryName};
use crate::operations::clusters::{self, AttachRequest};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

/// A cluster to attach.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachBody {
    /// Kept when given, so that scripts go on working; else made.
    #[schema(required = false, value_type = Option<String>)]
    pub id: Option<ClusterId>,
    /// For people; the engine's own name when absent.
    #[schema(required = false)]
    pub name: Option<String>,
    /// The engine's address.
    #[schema(value_type = String)]
    pub url: Option<String>,
    /// What may be sent to it.
    #[schema(value_type = AccessLevel)]
    pub access: Option<AccessLevel>,
    /// How to prove ourselves; not at all when absent.
    #[schema(required = false, value_type = Option<EngineAuthBody>)]
    pub auth: Option<Object<EngineAuthBody>>,
    /// The only certificate authorities trusted, PEM.
    #[schema(required = false)]
    pub ca: Option<String>,
    /// The only server certificate trusted, SHA-256 in hexadecimal.
    #[schema(required = false)]
    pub fingerprint: Option<String>,
    /// Credentials may cross plain HTTP beyond loopback.
    #[schema(required = false)]
    pub allow_plain_http: Option<bool>,
    /// The platform repository; the platform's default when absent.
    #[schema(required = false, value_type = Option<String>)]
    pub repository: Option<RepositoryName>,
    /// The repository's name on the engine; the platform's when absent.
    #[schema(required = false, value_type = Option<String>)]
    pub engine_repository: Option<RepositoryName>,
    /// The location under the platform repository.
    #[schema(required = false)]
    pub location: Option<String>,
    /// Take the location that the engine already has under that name.
    #[schema(required = false)]
    pub adopt: Option<bool>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "attach-cluster",
        "Attach a cluster; nothing is written to its engine",
    )
    .body::<AttachBody>()
    .answer::<ClusterView>(201, "It is attached.")
    .fails(409, &["root.conflict"])
    .fails(404, &["clusters.snapshot.repository_not_found"])
    .fails(412, &["root.precondition_failed"])
    .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(State(http): State<Http>, Body(body): Body<AttachBody>) -> Result<Response> {
    let cluster = clusters::attach(&http.app, request(body)?).await?;
    Ok(json(
        StatusCode::CREATED,
        &ClusterView::load(cluster, &http).await?,
    ))
}

fn request(body: AttachBody) -> Result<AttachRequest> {
    let missing = |member: &str| Problem::invalid(member, format!("{member} is missing"));
    let url = address(&body.url.ok_or_else(|| missing("url"))?)?;
    let access = body.access.ok_or_else(|| missing("access"))?;
    let auth = body.auth.map(|Object(auth)| auth.secrets()).transpose()?;
    let (auth, secrets) = auth.unwrap_or((EngineAuth::None, ClusterSecrets::default()));
    Ok(AttachRequest {
        id: body.id,
        name: body.name,
        url,
        access,
        auth,
        secrets,
        ca: body.ca.map(|pem| certificates("ca", pem)).transpose()?,
        fingerprint: body.fingerprint.as_deref().map(fingerprint).transpose()?,
        allow_plain_http: body.allow_plain_http.unwrap_or(false),
        repository: body.repository,
        engine_repository: body.engine_repository,
        location: body.location,
        adopt: body.adopt.unwrap_or(false),
    })
}
