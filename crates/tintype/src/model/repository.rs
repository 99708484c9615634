//! A platform repository: a template from which each cluster gets a location of its own.

use super::RepositoryName;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};

/// A repository of the platform. Its `settings` carry no secret: those given are sealed apart and never shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformRepository {
    /// The name in the API's paths, and on engines unless a cluster says otherwise.
    pub name: RepositoryName,
    /// `fs`, `s3`, `gcs`, `azure` or `url`.
    pub kind: String,
    /// The settings as given, without secrets; members that engines and plugins add stay free.
    pub settings: Map<String, Value>,
    /// The platform's default repository.
    pub is_default: bool,
    /// A reader is set.
    pub has_reader: bool,
    /// The result of the last preflight, for people; `None` before the first.
    pub preflight: Option<String>,
    /// Made at.
    pub created_at: Timestamp,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: i64,
}

/// What looks at the storage itself: an address with read-only credentials, sealed in the store.
///
/// For `fs`: `file:///mounted/path`. For `s3`: `s3://bucket/base/path`, with endpoint and region. For `gcs`: `gs://…`, for
/// `azure`: `az://…`, for `url`: `https://…` or a mounted path.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Where the repository's own location is seen, without credentials.
    pub url: String,
    /// The endpoint when it is not the cloud's own, such as `http://127.0.0.1:7070`.
    pub endpoint: Option<String>,
    /// S3: the region.
    pub region: Option<String>,
    /// s3: access key; az: account; gs: client e-mail.
    pub username: Option<String>,
    /// s3: secret key; az: account key; gs: private key.
    pub password: Option<SecretString>,
}
