//! `POST /attest-keys/_rotate`: another one in its place.

use super::AttestKeyView;
use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, json};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "rotate-attest-key",
        "Attest with a new key from now on; the old one stays published",
    )
    .answer::<AttestKeyView>(201, "The new key.")
    .fails(412, &["root.precondition_failed"])
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let key = http.app.operations.rotate_attest_key().await?;
    Ok(json(StatusCode::CREATED, &AttestKeyView::from(key)))
}
