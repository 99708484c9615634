//! `DELETE /clusters/{cluster_id}`: as ECE's.

use crate::http::ece::EmptyResponse;
use crate::http::ece::clusters::NOT_FOUND;
use crate::http::openapi::Doc;

pub use crate::http::ece::clusters::delete::handle;

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "detach-cluster",
        "Detach a cluster; its engine and its snapshots stay as they are",
    )
    .answer::<EmptyResponse>(200, "It is detached.")
    .fails(404, NOT_FOUND)
    .fails(412, &["clusters.cluster_plan_state_error"])
}
