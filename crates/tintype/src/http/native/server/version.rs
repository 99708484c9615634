//! `GET /version`: tells clients what they speak to; needs no credentials.

use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::ok;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// This server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Version {
    /// Its version.
    pub version: &'static str,
    /// The commit it was built from, when the build knew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<&'static str>,
    /// The region that paths may name.
    pub region: String,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-version", "This server's version and region")
        .answer::<Version>(200, "The version and region.")
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Response {
    let commit = option_env!("TINTYPE_COMMIT");
    ok(&Version {
        version: env!("CARGO_PKG_VERSION"),
        commit,
        region: http.region.to_string(),
    })
}
