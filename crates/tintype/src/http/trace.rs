//! A span for every request, with an id that the client gets too. No header, body or query is ever logged.

use crate::ids;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use data_encoding::HEXLOWER;
use http::{HeaderName, HeaderValue};
use tracing::{Instrument, field};

/// The header in which the request's id comes back.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs the rest within the request's span and logs how it ended.
pub async fn span(request: Request, next: Next) -> Response {
    let id = HEXLOWER.encode(&ids::random::<8>());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id = %id, %method, %path, user = field::Empty);
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
