//! Counts every answer by its route's template: a path would be a new series for each cluster.

use super::Http;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// Runs the rest and counts its answer.
pub async fn answers(State(http): State<Http>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status().as_u16();
    http.app.metrics.answered(&method, route, status, begun.elapsed());
    response
}
