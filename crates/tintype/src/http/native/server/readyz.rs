//! `GET /readyz`: the store answers, and the parts that nobody asks anything are alive.

use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::{Problem, Result, ok};
use crate::operations::pulse::Part;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use std::time::Duration;

/// How long the store may take for a round trip.
const STORE: Duration = Duration::from_secs(2);

/// The server does its work.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Ready {
    /// `ready`.
    pub status: &'static str,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-readiness", "Whether the server does its work")
        .answer::<Ready>(200, "It does.")
        .fails(503, &["root.not_ready"])
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let mut reasons = Vec::new();
    if http.app.stop.is_cancelled() {
        reasons.push("the server is stopping".to_owned());
    }
    // Not the error's own words, which may name files.
    match tokio::time::timeout(STORE, http.app.store.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => reasons.push("the store fails".to_owned()),
        Err(_) => reasons.push(format!("the store did not answer within {} s", STORE.as_secs())),
    }
    let now = http.app.clock.now();
    for part in Part::ALL {
        match http.app.operations.pulse().age(part, now) {
            None => reasons.push(format!("the part {} has not begun", part.as_str())),
            Some(age) if age > part.bound() => {
                reasons.push(format!(
                    "the part {} has been silent for {} s",
                    part.as_str(),
                    age.as_secs()
                ));
            }
            Some(_) => {}
        }
    }
    if reasons.is_empty() {
        return Ok(ok(&Ready { status: "ready" }));
    }
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "root.not_ready",
        reasons.join("; "),
    ))
}
