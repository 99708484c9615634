//! `GET /platform/configuration/snapshots/repositories`.

use super::RepositoryConfig;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// All repositories, by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RepositoryConfigs {
    /// The repositories.
    pub configs: Vec<RepositoryConfig>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-snapshot-repositories", "Get snapshot repositories")
        .answer::<RepositoryConfigs>(200, "All repositories, by name.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let repositories = http.app.store.repositories().await?;
    let configs = repositories
        .iter()
        .map(|repository| RepositoryConfig::new(repository, &principal))
        .collect();
    Ok(ok(&RepositoryConfigs { configs }))
}
