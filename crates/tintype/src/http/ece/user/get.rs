//! `GET /user`.

use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::users::view::User;
use crate::http::ece::users::{NOT_FOUND, load};
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-current-user", "Fetch current user information")
        .answer::<User>(200, "You.")
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal) -> Result<Response> {
    Ok(ok(&User::from(load(&http, &principal.name).await?)))
}
