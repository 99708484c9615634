//! Platform repositories and their readers.

use crate::app::App;
use crate::error::Result;
use crate::model::{PlatformRepository, Reader, RepositoryName};
use serde_json::{Map, Value};

/// What a caller asks of a platform repository.
#[derive(Debug, Clone)]
pub struct PutRepository {
    /// Its name.
    pub name: RepositoryName,
    /// `fs` or `s3`.
    pub kind: String,
    /// As given; secrets among them are sealed and not shown again.
    pub settings: Map<String, Value>,
    /// Make it the platform's default (`Some(true)`), or no longer (`Some(false)`).
    pub default: Option<bool>,
    /// The version that the caller read.
    pub expected_version: Option<i64>,
    /// Refuse when the preflight fails.
    pub require_preflight: bool,
}

/// Makes or replaces a platform repository. Shape errors are `Invalid`.
pub async fn put_repository(_app: &App, _request: PutRepository) -> Result<PlatformRepository> {
    todo!()
}

/// Sets or removes the reader; the result of looking with it, for people.
pub async fn put_reader(_app: &App, _name: &RepositoryName, _reader: Option<Reader>) -> Result<String> {
    todo!()
}
