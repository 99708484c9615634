//! `GET /repositories/{repository_name}`.

use super::view::RepositoryView;
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::repositories::{NOT_FOUND, load};
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-repository", "Show a platform repository")
        .answer::<RepositoryView>(200, "The repository.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let repository = load(&http, &path.repository()?).await?;
    let schedule = http.app.store.schedule(&repository.name).await?;
    Ok(ok(&RepositoryView {
        verification_schedule: schedule.map(Into::into),
        ..RepositoryView::new(repository, &principal)
    }))
}
