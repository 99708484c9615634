//! `GET /attest-keys`: for everybody.

use super::AttestKeyView;
use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::{Result, ok};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// The keys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AttestKeyList {
    /// The one in use first, then those that signed before, the last first.
    pub keys: Vec<AttestKeyView>,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "list-attest-keys",
        "The public keys that this server's attestations are verified with",
    )
    .answer::<AttestKeyList>(200, "All keys that ever signed, and when.")
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let keys = http.app.store.attest_keys().await?;
    let keys = keys.into_iter().map(Into::into).collect();
    Ok(ok(&AttestKeyList { keys }))
}
