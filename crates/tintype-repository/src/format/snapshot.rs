//! `snap-{uuid}.dat` at the root: what a snapshot says of itself.

use super::codec::{Body, SNAPSHOT};
use super::lenient::{Json, list};
use super::{FormatError, Limits};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A decoded `SnapshotInfo`.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The writing engine's version id as written (OpenSearch's are XORed with 0x08000000).
    pub version_id: Option<i64>,
    /// The names of its indices.
    pub indices: Vec<String>,
    /// The names of its data streams.
    pub data_streams: Vec<String>,
    /// `SUCCESS`, `PARTIAL`, `FAILED`, `IN_PROGRESS` or `INCOMPATIBLE`, as written.
    pub state: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// Whether it holds global state; `None`: not written.
    pub include_global_state: Option<bool>,
    /// When it began, in ms since 1970.
    pub started: Option<i64>,
    /// When it ended, in ms since 1970.
    pub ended: Option<i64>,
    /// As written; clones of OpenSearch say 0.
    pub total_shards: u32,
    /// As written; clones of OpenSearch say 0.
    pub successful_shards: u32,
    /// The shards that could not be written.
    pub failures: Vec<ShardFailure>,
    /// OpenSearch's shallow copy (v1): the files lie in a remote store.
    pub shallow: bool,
    /// OpenSearch's shallow copy v2: ms since 1970, when above 0.
    pub pinned_timestamp: Option<i64>,
    /// The user's metadata, as JSON.
    pub user_metadata: Option<serde_json::Value>,
    /// What it says of each index's size, by the index's name. Elasticsearch 7.13 and later.
    pub details: BTreeMap<String, IndexDetails>,
}

/// A shard that a snapshot has not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShardFailure {
    /// The index's name.
    pub index: String,
    /// The shard's number.
    #[serde(rename = "shard_id")]
    pub shard: u32,
    /// The engine's words.
    #[serde(default)]
    pub reason: String,
}

/// The size of an index in a snapshot. `SnapshotInfo.IndexSnapshotDetails`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct IndexDetails {
    /// How many shards.
    #[serde(default)]
    pub shard_count: u32,
    /// Bytes of all its files.
    #[serde(default)]
    pub size_in_bytes: u64,
    /// The segments of the shard that has the most.
    #[serde(default)]
    pub max_segments_per_shard: u32,
}

#[derive(Deserialize)]
struct Raw {
    snapshot: RawSnapshot,
}

#[derive(Deserialize)]
struct RawSnapshot {
    name: String,
    uuid: String,
    #[serde(default)]
    version_id: Option<i64>,
    #[serde(default, deserialize_with = "list")]
    indices: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    data_streams: Vec<String>,
    state: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    include_global_state: Option<bool>,
    #[serde(default)]
    metadata: Option<Json>,
    #[serde(default)]
    start_time: Option<i64>,
    #[serde(default)]
    end_time: Option<i64>,
    #[serde(default)]
    total_shards: u32,
    #[serde(default)]
    successful_shards: u32,
    #[serde(default, deserialize_with = "list")]
    failures: Vec<ShardFailure>,
    #[serde(default)]
    index_details: BTreeMap<String, IndexDetails>,
    #[serde(default)]
    remote_store_index_shallow_copy: Option<bool>,
    #[serde(default)]
    pinned_timestamp: Option<i64>,
}

impl Snapshot {
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
        let Raw { snapshot: raw } = Body::open(bytes, SNAPSHOT, limits)?.decode()?;
        Ok(Self {
            name: raw.name,
            uuid: raw.uuid,
            version_id: raw.version_id,
            indices: raw.indices,
            data_streams: raw.data_streams,
            state: raw.state,
            reason: raw.reason,
            include_global_state: raw.include_global_state,
            started: raw.start_time,
            ended: raw.end_time,
            total_shards: raw.total_shards,
            successful_shards: raw.successful_shards,
            failures: raw.failures,
            shallow: raw.remote_store_index_shallow_copy.unwrap_or_default(),
            pinned_timestamp: raw.pinned_timestamp.filter(|at| *at > 0),
            user_metadata: raw.metadata.map(|Json(value)| value),
            details: raw.index_details,
        })
    }

    /// The SLM policy that took it, which the root repeats as `slm_policy`.
    pub fn policy(&self) -> Option<&str> {
        self.user_metadata.as_ref()?.get("policy")?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Packing, blob};
    use super::*;
    use serde_json::json;

    fn parse(value: &serde_json::Value) -> Result<Snapshot, FormatError> {
        Snapshot::parse(&blob(SNAPSHOT, Packing::Plain, value))
    }

    #[test]
    fn everything_written_is_read() {
        let read = parse(&json!({"snapshot": {
            "name": "nightly", "uuid": "u", "version_id": 136_407_827, "indices": ["a", "b"], "data_streams": ["d"],
            "state": "PARTIAL", "reason": "why", "include_global_state": true, "metadata": {"policy": "daily"},
            "start_time": 1, "end_time": 2, "total_shards": 3, "successful_shards": 2,
            "failures": [{"index": "a", "index_uuid": "a", "shard_id": 1, "reason": "gone", "node_id": null,
                          "status": "INTERNAL_SERVER_ERROR"}],
            "feature_states": [], "index_details": {"a": {"shard_count": 2, "size": 1, "size_in_bytes": 9,
                                                          "max_segments_per_shard": 4}},
            "remote_store_index_shallow_copy": true, "pinned_timestamp": 5, "of a later version": {},
        }}))
        .unwrap();
        assert_eq!(
            (&*read.name, &*read.uuid, read.version_id),
            ("nightly", "u", Some(136_407_827))
        );
        assert_eq!((read.indices.len(), read.data_streams.len()), (2, 1));
        assert_eq!((&*read.state, read.reason.as_deref()), ("PARTIAL", Some("why")));
        assert_eq!((read.started, read.ended), (Some(1), Some(2)));
        assert_eq!((read.total_shards, read.successful_shards), (3, 2));
        assert_eq!((&*read.failures[0].index, read.failures[0].shard), ("a", 1));
        assert_eq!((read.shallow, read.pinned_timestamp), (true, Some(5)));
        assert_eq!(
            (read.policy(), read.include_global_state),
            (Some("daily"), Some(true))
        );
        assert_eq!(read.details["a"].max_segments_per_shard, 4);
    }

    #[test]
    fn an_old_snapshot_says_little() {
        let read = parse(
            &json!({"snapshot": {"name": "a", "uuid": "u", "state": "SUCCESS", "pinned_timestamp": 0}}),
        )
        .unwrap();
        assert_eq!(
            (read.version_id, read.include_global_state, read.pinned_timestamp),
            (None, None, None)
        );
        assert!(!read.shallow);
    }

    #[test]
    fn a_snapshot_without_a_name_is_refused() {
        assert!(parse(&json!({"snapshot": {"uuid": "u", "state": "SUCCESS"}})).is_err());
        assert!(parse(&json!({"name": "a", "uuid": "u", "state": "SUCCESS"})).is_err());
        assert!(parse(&json!([1])).is_err());
    }
}
