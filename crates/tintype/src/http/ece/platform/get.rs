//! `GET /platform`.

use super::PlatformInfo;
use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::ok;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-platform", "Get platform info").answer::<PlatformInfo>(200, "The platform.")
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Response {
    ok(&PlatformInfo::of(&http.region))
}
