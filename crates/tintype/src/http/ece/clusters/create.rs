//! `POST /clusters/elasticsearch`: Tintype runs no clusters, it attaches running ones.

use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::Problem;
use http::StatusCode;

const CODE: &str = "clusters.plan_feature_not_implemented";

const QUERY: &[Parameter] = &[
    Parameter::boolean("validate_only", "Without effect here."),
    Parameter::text("request_id", "Without effect here."),
];

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("create-es-cluster", "Create cluster: always refused")
        .query(QUERY)
        .fails(400, &[CODE, "root.invalid_request"])
}

/// The handler.
pub async fn handle() -> Problem {
    let message =
        "this server does not create clusters; attach a running one with POST /api/tintype/v1/clusters";
    Problem::new(StatusCode::BAD_REQUEST, CODE, message)
}
