//! `DELETE /users/{user_name}`: its keys go with it; what it did stays under its name.

use super::{BUILT_IN, INVALID, NOT_FOUND, explain, load, refused};
use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::EmptyResponse;
use crate::http::extract::Path;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;

/// A user that must stay.
const RESTRICTED: &str = "user.restricted_deletion";

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-user", "Deletes an existing user")
        .answer::<EmptyResponse>(200, "It is gone, and its keys.")
        .fails(400, &[INVALID, RESTRICTED, BUILT_IN])
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(State(http): State<Http>, principal: Principal, path: Path) -> Result<Response> {
    let user = load(&http, path.text("user_name")).await?;
    if user.name == principal.name {
        let message = "you cannot delete yourself: another user with the role ece_platform_admin can";
        return Err(refused(RESTRICTED, "user_name", message));
    }
    let deleted = http.app.store.delete_user(&user.name).await;
    deleted.map_err(|error| explain(error, (RESTRICTED, "user_name")))?;
    Ok(ok(&EmptyResponse {}))
}
