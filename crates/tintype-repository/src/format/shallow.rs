//! `shallow-snap-{uuid}.dat`: OpenSearch's shallow copy, whose data lies in another store.

use super::codec::{Body, SNAPSHOT};
use super::{FormatError, Limits, lenient::list};
use serde::Deserialize;

/// Where a shallow copy's data lies. `RemoteStoreShardShallowCopySnapshot` of OpenSearch 2.10 and later.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ShallowSnapshot {
    /// The snapshot's name.
    pub name: String,
    /// The repository that holds the segments.
    #[serde(rename = "remote_store_repository")]
    pub remote_repository: String,
    /// Its base path.
    #[serde(rename = "remote_store_repository_base_path")]
    pub remote_base_path: String,
    /// The index's own uuid: its directory there.
    pub index_uuid: String,
    /// The Lucene files.
    #[serde(rename = "file_names", default, deserialize_with = "list")]
    pub files: Vec<String>,
}

impl ShallowSnapshot {
    /// Decodes the blob, envelope included.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::parse_within(bytes, Limits::SNAPSHOT)
    }

    /// [`Self::parse`] with other limits.
    ///
    /// # Errors
    /// Any damage that [`super::Problem`] names.
    pub fn parse_within(bytes: &[u8], limits: Limits) -> Result<Self, FormatError> {
        Body::open(bytes, SNAPSHOT, limits)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Packing, blob};
    use super::*;
    use serde_json::json;

    #[test]
    fn it_says_where_the_segments_lie() {
        let value = json!({
            "version": "2", "name": "nightly", "index_version": 136_407_827, "start_time": 1, "time": 2,
            "number_of_files": 1, "total_size": 3, "index_uuid": "uuid", "remote_store_repository": "segments",
            "commit_generation": 4, "primary_term": 1, "remote_store_repository_base_path": "base",
            "file_names": ["_0.cfs", "segments_4"], "path_type": 0,
        });
        let read = ShallowSnapshot::parse(&blob(SNAPSHOT, Packing::Zstd, &value)).unwrap();
        let expected = ShallowSnapshot {
            name: "nightly".to_owned(),
            remote_repository: "segments".to_owned(),
            remote_base_path: "base".to_owned(),
            index_uuid: "uuid".to_owned(),
            files: vec!["_0.cfs".to_owned(), "segments_4".to_owned()],
        };
        assert_eq!(read, expected);
        assert!(ShallowSnapshot::parse(&blob(SNAPSHOT, Packing::Plain, &json!({"name": "a"}))).is_err());
    }
}
