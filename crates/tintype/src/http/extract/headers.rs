//! Headers with rules of their own.

use crate::http::problem::{Problem, Result};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

/// The largest sum of header names and values, bytes.
const MOST_BYTES: usize = 64 * 1024;
/// The longest path and query, bytes.
const LONGEST_URI: usize = 16 * 1024;

/// The caller's `Idempotency-Key`: 1 to 255 visible ASCII characters.
///
/// # Errors
/// 400 naming the header when it breaks the rule or came twice.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let valid = (1..=255).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    let text = value.to_str().ok().filter(|_| valid && values.next().is_none());
    let refused = || {
        let rule = "must be one header of 1 to 255 visible ASCII characters";
        Problem::invalid("Idempotency-Key", format!("Idempotency-Key {rule}"))
    };
    text.map(|text| Some(text.to_owned())).ok_or_else(refused)
}

/// Refuses requests whose head is larger than any client needs.
pub async fn too_large(request: Request, next: Next) -> Response {
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > MOST_BYTES {
        let message = format!("the headers have {size} bytes, more than {MOST_BYTES}");
        return Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "root.headers_too_large",
            message,
        )
        .into_response();
    }
    let size = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    if size > LONGEST_URI {
        let message = format!("the path and query have {size} bytes, more than {LONGEST_URI}");
        return Problem::new(StatusCode::URI_TOO_LONG, "root.uri_too_long", message).into_response();
    }
    next.run(request).await
}
