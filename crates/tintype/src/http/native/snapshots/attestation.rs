//! `GET /clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/attestation`: the signed document.

use crate::http::Http;
use crate::http::extract::{AttachedCluster, Path};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::reads;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// An attestation of a snapshot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Attestation)]
pub struct AttestationView {
    /// The snapshot's uuid.
    pub uuid: String,
    /// The verification that made it.
    pub verification: String,
    /// The id of the key that signed it, as `/attest-keys` has it.
    pub key: String,
    /// Signed at.
    #[schema(format = DateTime)]
    pub at: String,
    /// The signed text, for `tintype repository verify --attestation`.
    pub document: String,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-attestation",
        "What a snapshot consists of, signed by the server",
    )
    .answer::<AttestationView>(200, "The attestation.")
    .fails(
        404,
        &[
            "clusters.cluster_not_found",
            "clusters.snapshot.not_attested",
            "clusters.snapshot.repository_not_found",
        ],
    )
    .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    AttachedCluster(cluster): AttachedCluster,
    path: Path,
) -> Result<Response> {
    let (repository, name) = (path.repository()?, path.snapshot()?);
    let found = reads::attestation(&http.app, &cluster, &repository, &name).await?;
    Ok(ok(&AttestationView {
        uuid: found.snapshot,
        verification: found.operation,
        key: found.key,
        at: found.at.to_string(),
        document: found.document,
    }))
}
