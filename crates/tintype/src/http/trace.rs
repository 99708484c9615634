//! A span for every request, with an id that the client gets too. No header, body or query is ever logged, and of the
//! path only the route: what stands in the place of a name may be a secret that was pasted there.

use crate::ids;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use data_encoding::HEXLOWER;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use tracing::{Instrument, field};

/// The header in which the request's id comes back.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id, for whoever handles it.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// Runs the rest within the request's span and logs how it ended.
pub async fn span(mut request: Request, next: Next) -> Response {
    let id = HEXLOWER.encode(&ids::random::<8>());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = request.method();
    let span = tracing::info_span!("request", id = %id, %method, route, user = field::Empty);
    request.extensions_mut().insert(RequestId(id.as_str().into()));
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
