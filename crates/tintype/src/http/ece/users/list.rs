//! `GET /users`.

use super::view::User;
use crate::http::Http;
use crate::http::extract::Query;
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

const QUERY: &[Parameter] = &[Parameter::boolean(
    "include_disabled",
    "Also users who may not sign in. Default: false.",
)];

/// The users.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserList {
    /// By name.
    pub users: Vec<User>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-users", "Fetch all users")
        .query(QUERY)
        .answer::<UserList>(200, "The users, by name.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Query(query): Query) -> Result<Response> {
    let disabled = query.boolean("include_disabled").unwrap_or(false);
    let users = http.app.store.users().await?;
    let shown = users.into_iter().filter(|user| user.enabled || disabled);
    Ok(ok(&UserList {
        users: shown.map(User::from).collect(),
    }))
}
