//! `DELETE /users/{user_name}/totp`: for a user who lost the device and the recovery codes.

use super::{NOT_FOUND, not_found};
use crate::http::Http;
use crate::http::ece::EmptyResponse;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "remove-user-totp",
        "Remove a user's TOTP device and its recovery codes",
    )
    .answer::<EmptyResponse>(
        200,
        "It is removed; the user's elevated sessions are no longer elevated.",
    )
    .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, path: Path) -> Result<Response> {
    if http.app.store.remove_totp(path.text("user_name"), None).await? {
        Ok(ok(&EmptyResponse {}))
    } else {
        Err(not_found("there is no such user, or the user has no TOTP device"))
    }
}
