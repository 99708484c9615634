//! `GET /clusters/{cluster_id}/registrations`: a live look.

use crate::http::Http;
use crate::http::auth::{Permission, Principal};
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::extract::AttachedCluster;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::model::observation::ObservedRegistration;
use crate::model::{Cluster, PlatformRepository};
use crate::operations::reads;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// The registrations on an engine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RegistrationList {
    /// The registrations.
    pub registrations: Vec<RegistrationView>,
}

/// A registration, without secrets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Registration)]
pub struct RegistrationView {
    /// Its name on the engine.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it points; that of a platform repository only for callers who may see its contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The repository's uuid, where the engine shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Snapshots cannot be written through it.
    pub readonly: bool,
    /// The platform repository that has this name on this cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_repository: Option<String>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "list-registrations",
        "The repositories that a cluster's engine knows",
    )
    .answer::<RegistrationList>(200, "The registrations, read from the engine.")
    .fails(404, NOT_FOUND)
    .fails(500, &["clusters.snapshot.failed"])
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    AttachedCluster(cluster): AttachedCluster,
) -> Result<Response> {
    let contents = principal.may(Permission::ReadRepositoryContents);
    let platform = http.app.store.repositories().await?;
    let found = reads::registrations(&http.app, &cluster).await?;
    let view = |registration| RegistrationView::new(registration, &cluster, &platform, contents);
    Ok(ok(&RegistrationList {
        registrations: found.into_iter().map(view).collect(),
    }))
}

impl RegistrationView {
    fn new(
        seen: ObservedRegistration,
        cluster: &Cluster,
        platform: &[PlatformRepository],
        contents: bool,
    ) -> Self {
        let platform_repository = platform_name(&seen.name, cluster, platform);
        // Where a platform repository is belongs to its contents.
        let shown = contents || platform_repository.is_none();
        Self {
            name: seen.name,
            kind: seen.kind,
            location: seen.location.filter(|_| shown),
            uuid: seen.uuid,
            readonly: seen.readonly,
            platform_repository,
        }
    }
}

/// The cluster's own repository may have another name on the engine; all others have the platform's.
fn platform_name(name: &str, cluster: &Cluster, platform: &[PlatformRepository]) -> Option<String> {
    let own = match &cluster.repository {
        Some(own) => platform.iter().find(|repository| repository.name == *own),
        None => platform.iter().find(|repository| repository.is_default),
    };
    if cluster
        .engine_repository
        .as_ref()
        .is_some_and(|renamed| renamed.as_str() == name)
    {
        return own.map(|repository| repository.name.to_string());
    }
    let same = platform
        .iter()
        .find(|repository| repository.name.as_str() == name)?;
    let renamed = cluster.engine_repository.is_some() && own.is_some_and(|own| own.name == same.name);
    (!renamed).then(|| same.name.to_string())
}
