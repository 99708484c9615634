//! What is needed to talk to one engine.

use std::time::Duration;

use secrecy::SecretString;

/// How one engine is reached, and what may be asked of it.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Base URL, `http` or `https`, with an optional path prefix; credentials in it are refused.
    pub url: String,
    /// The credentials that go with every request.
    pub auth: Auth,
    /// Whom to trust, and who we are, in TLS.
    pub tls: Tls,
    /// The most that may ever be sent.
    pub access: Access,
    /// Lets credentials go over plain HTTP beyond loopback.
    pub allow_plain_http: bool,
    /// The cluster's uuid; a change is not sent to a cluster with another one.
    pub expected_uuid: Option<String>,
    /// Time and size bounds.
    pub limits: Limits,
}

impl EngineConfig {
    /// A config that only reads, without credentials, trusting the system's roots.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            auth: Auth::None,
            tls: Tls::default(),
            access: Access::Observe,
            allow_plain_http: false,
            expected_uuid: None,
            limits: Limits::default(),
        }
    }
}

/// What may be sent to an engine; each level includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Only reads: every request is a `GET`.
    Observe,
    /// Also creating snapshots.
    Take,
    /// Also deleting and restoring snapshots, and creating and verifying repositories.
    Operate,
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Take => "take",
            Self::Operate => "operate",
        })
    }
}

/// The credentials of a request. A client certificate is part of [`Tls`].
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// None.
    #[default]
    None,
    /// HTTP basic authentication.
    Basic {
        /// The user's name.
        user: String,
        /// The user's password.
        password: SecretString,
    },
    /// An Elasticsearch API key in its encoded form: base64 of `id:key`.
    ApiKey(SecretString),
    /// A bearer token.
    Bearer(SecretString),
}

/// TLS settings.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// The client certificate, when the engine asks for one.
    pub identity: Option<ClientIdentity>,
}

/// Whose certificates are accepted.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Those that chain to the roots of this machine's trust store.
    #[default]
    System,
    /// Only those that chain to one of these certificates (PEM).
    Ca(String),
    /// The certificate with this SHA-256 fingerprint (hex, colons allowed), or one signed by the presented CA that has it.
    /// The host name is not checked then, and of a pinned leaf neither is its validity: the pin names the certificate.
    Fingerprint(String),
}

/// A client certificate.
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    /// The certificate chain, leaf first (PEM).
    pub certificate_pem: String,
    /// The private key (PEM: PKCS#8, PKCS#1 or SEC1).
    pub key_pem: SecretString,
}

/// Bounds on time and size.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Resolving, connecting and the TLS handshake together.
    pub connect_timeout: Duration,
    /// One request, from its first byte to the last byte of the answer.
    pub request_timeout: Duration,
    /// Largest answer in bytes.
    pub max_body: usize,
    /// Largest answer in bytes to a listing of snapshots or of the cluster's metadata.
    pub max_listing: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            max_body: 16 << 20,
            max_listing: 64 << 20,
        }
    }
}

/// Why a config cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not an `http` or `https` URL with a host.
    #[error("the engine's URL is not usable: {0}")]
    Url(String),
    /// User name or password in the URL, where they would end up in logs.
    #[error("credentials do not belong in the engine's URL; give them separately")]
    CredentialsInUrl,
    /// Credentials would go over plain HTTP beyond loopback.
    #[error("credentials would go over plain HTTP to {0}; use https, or allow plain HTTP for this cluster")]
    PlainHttpCredentials(String),
    /// A credential that cannot be put into a header.
    #[error("the engine's credentials have characters that a header cannot carry")]
    Credentials,
    /// Certificates, keys or fingerprints that cannot be used.
    #[error("TLS settings: {0}")]
    Tls(String),
}
