//! `GET /healthz`: the process answers. Nothing else is looked at, so that a restart is asked for only when it helps.

use crate::http::openapi::Doc;
use crate::http::problem::ok;
use axum::response::Response;
use serde::Serialize;

/// The process answers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Alive {
    /// `ok`.
    pub status: &'static str,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-health", "Whether the process answers").answer::<Alive>(200, "It does.")
}

/// The handler.
pub async fn handle() -> Response {
    ok(&Alive { status: "ok" })
}
