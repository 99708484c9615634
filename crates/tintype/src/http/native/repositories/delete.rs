//! `DELETE /repositories/{repository_name}`: as ECE's.

use crate::http::ece::EmptyResponse;
use crate::http::ece::repositories::NOT_FOUND;
use crate::http::ece::repositories::delete::QUERY;
use crate::http::openapi::Doc;

pub use crate::http::ece::repositories::delete::handle;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("delete-repository", "Forget a platform repository")
        .query(QUERY)
        .answer::<EmptyResponse>(
            200,
            "It is forgotten; registrations and snapshots stay as they are.",
        )
        .fails(404, NOT_FOUND)
        .fails(409, &["root.conflict"])
}
