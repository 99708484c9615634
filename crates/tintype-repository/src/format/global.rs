//! `meta-{uuid}.dat` at the root: the cluster's global metadata, read only by a restore with global state.

use super::codec::{Body, METADATA};
use super::{FormatError, Limits};
use serde::Deserialize;

/// What is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GlobalMetadata {
    /// The uuid of the cluster that took the snapshot: also the root's `cluster_id` when that cluster wrote last.
    pub cluster_uuid: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "meta-data")]
    metadata: RawMetadata,
}

#[derive(Deserialize)]
struct RawMetadata {
    #[serde(default)]
    cluster_uuid: Option<String>,
}

/// Checks the envelope and that the body holds `meta-data` (`Metadata.toXContent`).
///
/// # Errors
/// Any damage that [`super::Problem`] names.
pub fn check(bytes: &[u8]) -> Result<GlobalMetadata, FormatError> {
    check_within(bytes, Limits::GLOBAL)
}

/// [`check`] with other limits.
///
/// # Errors
/// Any damage that [`super::Problem`] names.
pub fn check_within(bytes: &[u8], limits: Limits) -> Result<GlobalMetadata, FormatError> {
    let raw: Raw = Body::open(bytes, METADATA, limits)?.decode()?;
    Ok(GlobalMetadata {
        cluster_uuid: raw.metadata.cluster_uuid,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Packing, blob};
    use super::*;
    use crate::format::Problem;
    use serde_json::json;

    #[test]
    fn the_clusters_uuid_is_kept_and_the_rest_passed_over() {
        let value = json!({"meta-data": {"version": 3, "cluster_uuid": "abc", "templates": {"a": [{}]}}});
        let read = check(&blob(METADATA, Packing::Deflate, &value)).unwrap();
        assert_eq!(read.cluster_uuid.as_deref(), Some("abc"));
    }

    #[test]
    fn another_body_is_refused() {
        let error = check(&blob(METADATA, Packing::Plain, &json!({"snapshot": {}}))).unwrap_err();
        assert_eq!(error.problem, Problem::Field);
        assert!(error.message.contains("meta-data"), "{error}");
    }
}
