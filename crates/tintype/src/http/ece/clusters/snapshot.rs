//! `POST /clusters/elasticsearch/{cluster_id}/_snapshot`: takes a snapshot.

use super::NOT_FOUND;
use crate::error::Error;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::{AttachedCluster, Body, idempotency_key};
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, json};
use crate::model::Cluster;
use crate::operations::{StorageCredentials, TakeRequest, Taken};
use crate::store::Idempotency;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// How long an `Idempotency-Key` is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// The header in which the operation's id comes back.
pub const OPERATION: &str = "x-tintype-operation";

/// The request header that this call and its native twin take.
pub const IDEMPOTENCY: &[(&str, &str)] = &[(
    "Idempotency-Key",
    "Remembered for 24 h: the same key and body give the same operation, another body 409.",
)];

/// What to take; everything has a default.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSnapshotRequest {
    /// The snapshot's name: 1 to 200 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit. Made when absent.
    #[schema(required = false)]
    pub name: Option<String>,
    /// The platform's or the engine's name of the repository. Absent: the cluster's, else the platform's default.
    #[schema(required = false)]
    pub repository_name: Option<String>,
    /// The storage's user (s3: access key), overriding the reader's; checked, then forgotten.
    #[schema(required = false)]
    pub username: Option<String>,
    /// The storage's password (s3: secret key), overriding the reader's; checked, then forgotten.
    #[schema(required = false, write_only)]
    pub password: Option<String>,
}

/// The snapshot that was begun.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClusterSnapshotResponse {
    /// Its name.
    pub name: String,
}

/// The route's description.
pub fn doc() -> Doc {
    with_failures(Doc::new("snapshot-es-cluster", "Take snapshot")).answer_with::<ClusterSnapshotResponse>(
        202,
        "The create command was issued.",
        &["Location", OPERATION],
    )
}

/// What this call and its native twin take, and how they fail.
pub fn with_failures(doc: Doc) -> Doc {
    doc.request_headers(IDEMPOTENCY)
        .optional_body::<ClusterSnapshotRequest>()
        .fails(401, &["clusters.snapshot.invalid_credentials"])
        .fails(404, NOT_FOUND)
        .fails(404, &["clusters.snapshot.repository_not_found"])
        .fails(
            409,
            &["clusters.snapshot.name_conflict", "idempotency.key_reused"],
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
    headers: HeaderMap,
    Body(body): Body<ClusterSnapshotRequest>,
) -> Result<Response> {
    let taken = take(&http, principal, cluster, &headers, body).await?;
    let response = json(
        StatusCode::ACCEPTED,
        &ClusterSnapshotResponse {
            name: taken.name.to_string(),
        },
    );
    Ok(with_operation(response, &taken.operation))
}

/// Starts a take from a request's parts; the native twin uses it too.
pub async fn take(
    http: &Http,
    principal: Principal,
    cluster: Cluster,
    headers: &HeaderMap,
    body: ClusterSnapshotRequest,
) -> Result<Taken> {
    let mac = http
        .app
        .sealer
        .mac("idempotency/body", &serde_json::to_vec(&body).map_err(internal)?);
    let now = http.app.clock.now();
    let idempotency = idempotency_key(headers)?.map(|key| Idempotency {
        // The canonical path: with or without a region, and natively, it is the same request.
        scope: format!(
            "{} POST /clusters/elasticsearch/{}/_snapshot",
            principal.name, cluster.id
        ),
        key,
        body_mac: mac,
        expires_at: now + REMEMBERED,
    });
    let name = body
        .name
        .map(TryInto::try_into)
        .transpose()
        .map_err(|error| Error::name("name", &error))?;
    let repository = body.repository_name.map(TryInto::try_into).transpose();
    let repository = repository.map_err(|error| Error::name("repository_name", &error))?;
    let given = body.username.is_some() || body.password.is_some();
    let credentials = given.then(|| StorageCredentials {
        username: body.username,
        password: body.password.map(SecretString::from),
    });
    let requested_by = principal.name;
    let request = TakeRequest {
        cluster,
        requested_by,
        name,
        repository,
        credentials,
        idempotency,
    };
    Ok(http.app.operations.take(request).await?)
}

/// Adds where the operation is to be found.
pub fn with_operation(mut response: Response, id: &str) -> Response {
    let location = HeaderValue::try_from(format!("{}/operations/{id}", crate::http::route::NATIVE));
    if let (Ok(location), Ok(id)) = (location, HeaderValue::try_from(id)) {
        response.headers_mut().insert(header::LOCATION, location);
        response.headers_mut().insert(OPERATION, id);
    }
    response
}

fn internal(error: serde_json::Error) -> Problem {
    Error::Internal(Box::new(error)).into()
}
