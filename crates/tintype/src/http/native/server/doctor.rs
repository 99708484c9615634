//! `GET /doctor`: what is wrong with this server itself.

use crate::http::Http;
use crate::http::native::clusters::doctor::Examination;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use crate::operations::doctor::examine_server;
use axum::extract::State;
use axum::response::Response;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "examine-server",
        "What is wrong with this server: its key, its database, its configuration",
    )
    .answer::<Examination>(200, "What was found.")
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let findings = examine_server(&http.app).await?;
    Ok(ok(&Examination { findings }))
}
