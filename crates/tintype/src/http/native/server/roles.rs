//! `GET /roles`: the role that each access level needs on an engine, ready to paste.

use crate::http::openapi::Doc;
use crate::http::problem::ok;
use crate::model::AccessLevel;
use crate::operations::roles::{EngineRole, role};
use axum::response::Response;
use serde::Serialize;

/// The roles of every access level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EngineRoles {
    /// From the least to the most.
    pub levels: Vec<EngineRole>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-engine-roles",
        "The role that each access level needs on an engine",
    )
    .answer::<EngineRoles>(200, "The roles.")
}

/// The handler.
pub async fn handle() -> Response {
    let levels = [AccessLevel::Observe, AccessLevel::Take, AccessLevel::Operate];
    ok(&EngineRoles {
        levels: levels.map(role).into(),
    })
}
