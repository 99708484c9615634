//! `POST /attest-keys`: the first one.

use super::AttestKeyView;
use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, json};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("create-attest-key", "Make the key that the server attests with")
        .answer::<AttestKeyView>(201, "The key; its secret half never leaves the server.")
        .fails(409, &["root.conflict"])
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let key = http.app.operations.create_attest_key().await?;
    Ok(json(StatusCode::CREATED, &AttestKeyView::from(key)))
}
