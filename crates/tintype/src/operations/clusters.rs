//! Attaching, changing and detaching clusters: nothing is written to an engine here.

use crate::app::App;
use crate::error::Result;
use crate::model::{AccessLevel, Cluster, ClusterId, ClusterSecrets, EngineAuth, RepositoryName};

/// What a caller asks of an attach.
#[derive(Debug, Clone)]
pub struct AttachRequest {
    /// Kept from the scripts that use it; made when absent.
    pub id: Option<ClusterId>,
    /// The engine's own name when absent.
    pub name: Option<String>,
    /// Where the engine is.
    pub url: String,
    /// What may be sent to it.
    pub access: AccessLevel,
    /// How to prove ourselves.
    pub auth: EngineAuth,
    /// With these secrets.
    pub secrets: ClusterSecrets,
    /// The only authorities trusted, PEM.
    pub ca: Option<String>,
    /// The only certificate trusted, SHA-256 in hexadecimal.
    pub fingerprint: Option<String>,
    /// Credentials may cross plain HTTP beyond loopback.
    pub allow_plain_http: bool,
    /// The platform repository of this cluster.
    pub repository: Option<RepositoryName>,
    /// The repository's name on the engine.
    pub engine_repository: Option<RepositoryName>,
    /// The location under the platform repository.
    pub location: Option<String>,
    /// Take the location that the engine already has under that name.
    pub adopt: bool,
}

/// What a caller asks to change; absent members stay. The inner `None` unsets.
#[derive(Debug, Clone, Default)]
pub struct ChangeRequest {
    /// The name for people.
    pub name: Option<String>,
    /// Where the engine is.
    pub url: Option<String>,
    /// What may be sent to it.
    pub access: Option<AccessLevel>,
    /// How to prove ourselves, with all its secrets.
    pub auth: Option<(EngineAuth, ClusterSecrets)>,
    /// The only authorities trusted, PEM.
    pub ca: Option<Option<String>>,
    /// The only certificate trusted.
    pub fingerprint: Option<Option<String>>,
    /// Credentials may cross plain HTTP beyond loopback.
    pub allow_plain_http: Option<bool>,
    /// The platform repository of this cluster.
    pub repository: Option<Option<RepositoryName>>,
    /// The repository's name on the engine.
    pub engine_repository: Option<Option<RepositoryName>>,
    /// The location under the platform repository.
    pub location: Option<Option<String>>,
    /// Take the location that the engine already has under that name.
    pub adopt: bool,
    /// Pin the uuid that answers now, whatever was pinned before.
    pub repin: bool,
}

/// Looks at the engine, pins its uuid and attaches it.
pub async fn attach(_app: &App, _request: AttachRequest) -> Result<Cluster> {
    todo!()
}

/// Changes a cluster; the engine is looked at again when how to reach it changes.
pub async fn change(_app: &App, _cluster: &Cluster, _request: ChangeRequest) -> Result<Cluster> {
    todo!()
}

/// Forgets a cluster. Nothing is sent to its engine.
pub async fn detach(_app: &App, _id: &ClusterId) -> Result<()> {
    todo!()
}
