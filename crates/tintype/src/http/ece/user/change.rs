//! `PATCH /user`: one's own name for people, address and password; the rest only for an administrator.

use crate::http::Http;
use crate::http::auth::Principal;
use crate::http::ece::users::asked::change;
use crate::http::ece::users::body::UserBody;
use crate::http::ece::users::view::User;
use crate::http::ece::users::{
    BUILT_IN, INVALID, NOT_FOUND, RESTRICTED, ROLES_FORBIDDEN, ROLES_INVALID, load,
};
use crate::http::extract::Body;
use crate::http::openapi::Doc;
use crate::http::problem::Result;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("update-current-user", "Updates the current user")
        .body::<UserBody>()
        .answer::<User>(200, "You, as you are now.")
        .fails(
            400,
            &[INVALID, ROLES_INVALID, ROLES_FORBIDDEN, RESTRICTED, BUILT_IN],
        )
        .fails(404, NOT_FOUND)
}

/// The handler.
pub async fn handle(
    State(http): State<Http>,
    principal: Principal,
    Body(body): Body<UserBody>,
) -> Result<Response> {
    let user = load(&http, &principal.name).await?;
    change(&http, &principal, user, body).await
}
