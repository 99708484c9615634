//! `PATCH /users/{user_name}`: a JSON merge patch; what is absent stays.

use super::asked::{REFUSED, change};
use super::body::UserBody;
use super::view::User;
use super::{NOT_FOUND, load};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::extract::{Body, Path};
use crate::http::openapi::Doc;
use crate::http::problem::Result;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("update-user", "Updates an existing user")
        .body::<UserBody>()
        .answer::<User>(200, "The user as it is now.")
        .fails(400, REFUSED)
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    path: Path,
    body: Result<Body<UserBody>>,
) -> Result<Response> {
    let user = load(&http, path.text("user_name")).await?;
    let Body(body) = body?;
    change(&http, &principal, user, body).await
}
