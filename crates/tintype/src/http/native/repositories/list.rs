//! `GET /repositories`.

use super::view::RepositoryView;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// All repositories, by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RepositoryList {
    /// The repositories.
    pub repositories: Vec<RepositoryView>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("list-repositories", "List platform repositories")
        .answer::<RepositoryList>(200, "All repositories, by name.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    let found = http.app.store.repositories().await?;
    let repositories = found
        .into_iter()
        .map(|repository| RepositoryView::new(repository, &principal))
        .collect();
    Ok(ok(&RepositoryList { repositories }))
}
