//! `GET /platform/configuration/snapshots/repositories/{repository_name}`.

use super::{NOT_FOUND, RepositoryConfig, load, with_version};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::resource::HEADERS;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-snapshot-repository", "Get snapshot repository")
        .answer_with::<RepositoryConfig>(200, "The repository.", HEADERS)
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let repository = load(&http, &path.repository()?).await?;
    Ok(with_version(
        ok(&RepositoryConfig::new(&repository, &principal)),
        &repository,
    ))
}
