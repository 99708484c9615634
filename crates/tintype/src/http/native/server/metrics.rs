//! `GET /metrics`: figures for a monitoring system. No engine is asked, and no cluster by itself.

use crate::error::Error;
use crate::http::Http;
use crate::http::openapi::Doc;
use crate::http::problem::Result;
use crate::metrics::CONTENT_TYPE;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-metrics", "Figures for a monitoring system").text(200, "OpenMetrics.", CONTENT_TYPE)
}

/// The handler.
pub async fn handle(State(http): State<Http>) -> Result<Response> {
    let now = http.app.clock.now();
    let per_cluster = http.app.config.metrics.per_cluster;
    let figures = http.app.store.figures(per_cluster, now).await?;
    let text = http.app.metrics.text(&figures, now);
    let text = text.map_err(|error| Error::Internal(Box::new(error)))?;
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}
