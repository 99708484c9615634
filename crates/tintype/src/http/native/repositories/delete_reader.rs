//! `DELETE /repositories/{repository_name}/reader`.

use super::put_reader::Preflight;
use crate::http::Http;
use crate::http::ece::repositories::{NOT_FOUND, load};
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::platform;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-reader", "Remove a platform repository's reader")
        .answer::<Preflight>(200, "It is removed.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    let name = load(&http, &path.repository()?).await?.name;
    let preflight = platform::put_reader(&http.app, &name, None).await?;
    Ok(ok(&Preflight { preflight }))
}
