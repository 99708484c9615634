//! The platform's snapshot repositories.

use super::resource;
use crate::error::{Error, Missing};
use crate::http::Http;
use crate::http::auth::{Permission, Principal};
use crate::http::problem::{Problem, Result};
use crate::model::{PlatformRepository, RepositoryName};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub mod delete;
pub mod get;
pub mod list;
pub mod put;

/// What a route about one repository answers when there is none.
pub const NOT_FOUND: &[&str] = &["clusters.snapshot.repository_not_found"];

/// A repository.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RepositoryConfig {
    /// Its name.
    pub repository_name: String,
    /// `type` and `settings`, without secrets; empty for callers who may not see contents.
    #[schema(value_type = Object)]
    pub config: Map<String, Value>,
}

impl RepositoryConfig {
    fn new(repository: &PlatformRepository, principal: &Principal) -> Self {
        let mut config = Map::new();
        if principal.may(Permission::ReadRepositoryContents) {
            config.insert("type".to_owned(), json!(repository.kind));
            config.insert("settings".to_owned(), json!(repository.settings));
        }
        Self {
            repository_name: repository.name.to_string(),
            config,
        }
    }
}

/// The repository of that name.
///
/// # Errors
/// 404 when there is none.
pub async fn load(http: &Http, name: &RepositoryName) -> Result<PlatformRepository> {
    http.app.store.repository(name).await?.ok_or_else(not_found)
}

/// There is no such repository.
pub fn not_found() -> Problem {
    Error::missing(Missing::Repository, "the platform has no repository of this name").into()
}

fn with_version(response: Response, repository: &PlatformRepository) -> Response {
    let (created, changed) = (repository.created_at, repository.updated_at);
    resource::with_version(response, repository.version, created, changed)
}
