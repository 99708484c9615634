//! What ECE tells of a resource beside its body: a version to name in a change, and two times.

use crate::http::extract::Params;
use crate::http::openapi::Parameter;
use crate::http::problem::Result;
use crate::model::Cluster;
use crate::store::{Conflict, StoreError};
use axum::response::Response;
use http::HeaderValue;
use jiff::Timestamp;

/// The headers that tell a resource's version and times.
pub const HEADERS: &[&str] = &[
    "x-cloud-resource-version",
    "x-cloud-resource-created",
    "x-cloud-resource-last-modified",
];

/// The query of a change that may name the version that it read.
pub const VERSION: &[Parameter] = &[Parameter::integer(
    "version",
    "Refuse with 409 unless this is the version, as x-cloud-resource-version told it.",
)];

/// Adds a resource's version and times.
pub fn with_version(
    mut response: Response,
    version: i64,
    created: Timestamp,
    changed: Timestamp,
) -> Response {
    let values = [version.to_string(), created.to_string(), changed.to_string()];
    for (name, value) in HEADERS.iter().zip(values) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

/// Adds a cluster's version and times: its settings have no others.
pub fn of_cluster(response: Response, cluster: &Cluster) -> Response {
    with_version(response, cluster.version, cluster.created_at, cluster.updated_at)
}

/// The version that the query names is the cluster's, when it names one. The change itself is made to the version
/// that was read, so nothing can come between.
///
/// # Errors
/// 409 with both versions.
pub fn expect_version(query: &Params, cluster: &Cluster) -> Result<()> {
    let found = cluster.version;
    match query.integer("version", 0..=i32::MAX)?.map(i64::from) {
        Some(expected) if expected != found => {
            Err(StoreError::Conflict(Conflict::Version { expected, found }).into())
        }
        _ => Ok(()),
    }
}
