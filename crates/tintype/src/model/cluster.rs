//! A cluster that Tintype looks after: where it is, what may be sent to it, and which one it is.

use super::{ClusterId, Failure, FailureKind, RepositoryName};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What Tintype may send to an engine. Ordered: each level includes the ones before.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AccessLevel {
    /// Only reads.
    Observe,
    /// Reads, and creating snapshots in repositories that are already registered.
    Take,
    /// Everything: registering repositories, restoring, cancelling.
    Operate,
}

impl AccessLevel {
    /// The word used on the wire and in the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Take => "take",
            Self::Operate => "operate",
        }
    }
}

/// How Tintype proves itself to the engine, without the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineAuth {
    /// No authentication.
    #[default]
    None,
    /// User name and password.
    Basic,
    /// Elasticsearch's `Authorization: ApiKey`.
    ApiKey,
    /// `Authorization: Bearer`.
    Bearer,
    /// A client certificate.
    Certificate,
}

/// The secrets of a cluster's engine authentication: sealed in the store, never shown.
#[derive(Debug, Clone, Default)]
pub struct ClusterSecrets {
    /// Basic: the user's name (not secret, but useless alone).
    pub username: Option<String>,
    /// Basic: the password.
    pub password: Option<SecretString>,
    /// The encoded API key.
    pub api_key: Option<SecretString>,
    /// The bearer token.
    pub bearer: Option<SecretString>,
    /// The client certificate chain, PEM.
    pub client_certificate: Option<String>,
    /// The client certificate's private key, PEM.
    pub client_key: Option<SecretString>,
}

/// A cluster as the store keeps it. The secrets are apart ([`ClusterSecrets`]), so that this may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The id in the API's paths.
    pub id: ClusterId,
    /// The name for people; the engine's own at attach when none was given.
    pub name: String,
    /// The engine's address, `http` or `https`, without credentials.
    pub url: String,
    /// What may be sent.
    pub access: AccessLevel,
    /// How Tintype proves itself.
    pub auth: EngineAuth,
    /// The engine's `cluster_uuid`, pinned at attach.
    pub uuid: String,
    /// `elasticsearch` or `opensearch`.
    pub distribution: String,
    /// The engine's version, such as `8.17.0`.
    pub engine_version: String,
    /// The only certificate authorities trusted, PEM; the system's when absent.
    pub ca: Option<String>,
    /// The only server certificate trusted: SHA-256 of its DER, 64 hexadecimal digits.
    pub fingerprint: Option<String>,
    /// Credentials may cross plain HTTP beyond loopback.
    pub allow_plain_http: bool,
    /// The platform repository that this cluster's snapshots go to; the platform's default when absent.
    pub repository: Option<RepositoryName>,
    /// The repository's name on the engine; the platform's name when absent.
    pub engine_repository: Option<RepositoryName>,
    /// The location under the platform repository; `{base}/{cluster_id}` when absent.
    pub location: Option<String>,
    /// Attached at.
    pub created_at: Timestamp,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Counts changes, from 1; a change names the one it read.
    pub version: i64,
}

impl Cluster {
    /// The cluster's access level allows `what`, which needs `level`.
    ///
    /// # Errors
    /// `AccessLevel`, naming both levels and how to raise the cluster's.
    pub fn allows(&self, level: AccessLevel, what: &str) -> Result<(), Failure> {
        if self.access >= level {
            return Ok(());
        }
        let message = format!(
            "cluster {} is attached with access {}, and {what} needs {}. Raise it: `tintype cluster update {} --access {}`",
            self.id,
            self.access.as_str(),
            level.as_str(),
            self.id,
            level.as_str()
        );
        Err(Failure::new(FailureKind::AccessLevel, message))
    }
}
