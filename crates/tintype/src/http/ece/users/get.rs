//! `GET /users/{user_name}`.

use super::view::User;
use super::{NOT_FOUND, load};
use crate::http::Http;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-user", "Fetch a single user")
        .answer::<User>(200, "The user.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    Ok(ok(&User::from(load(&http, path.text("user_name")).await?)))
}
