//! Each kind of blob, from what the parsers make of it.

use super::{Packing, binary, blob};
use crate::format::codec::{INDEX_METADATA, METADATA, SNAPSHOT, SNAPSHOTS};
use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::format::snapshot::Snapshot;
use serde_json::{Map, Value, json};

/// A file as a shard's blobs list it.
pub fn file(file: &FileInfo) -> Value {
    let mut value = json!({
        "name": file.name,
        "physical_name": file.physical_name,
        "length": file.length,
        "checksum": base36(file.checksum),
        "part_size": file.part_size.unwrap_or(i64::MAX as u64),
        "written_by": file.written_by,
    });
    if !file.hash.is_empty() {
        value["meta_hash"] = binary(&file.hash);
    }
    value
}

/// A checksum as `Store.digestToString` writes it.
pub fn base36(checksum: u32) -> String {
    let mut left = checksum;
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(left % 36, 36).expect("a digit"));
        left /= 36;
        if left == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// A shard's `snap-{uuid}.dat`, all of whose files are new.
pub fn shard_snapshot(packing: Packing, name: &str, started: i64, files: &[FileInfo]) -> Vec<u8> {
    let value = json!({
        "name": name,
        "index_version": 1,
        "start_time": started,
        "time": 1,
        "number_of_files": files.len(),
        "total_size": files.iter().map(|file| file.length).sum::<u64>(),
        "files": files.iter().map(file).collect::<Vec<_>>(),
    });
    blob(SNAPSHOT, packing, &value)
}

/// A shard's `index-{gen}`: its files, and each snapshot's name with the positions of its files.
pub fn shard_generation(packing: Packing, files: &[FileInfo], snapshots: &[(&str, Vec<u32>)]) -> Vec<u8> {
    let names = |positions: &[u32]| -> Vec<&str> {
        positions
            .iter()
            .map(|position| &*files[*position as usize].name)
            .collect()
    };
    let members: Map<String, Value> = snapshots
        .iter()
        .map(|(name, positions)| ((*name).to_owned(), json!({ "files": names(positions) })))
        .collect();
    let value = json!({
        "files": files.iter().map(file).collect::<Vec<_>>(),
        "snapshots": members,
    });
    blob(SNAPSHOTS, packing, &value)
}

/// A root `snap-{uuid}.dat`.
pub fn snapshot(packing: Packing, snapshot: &Snapshot) -> Vec<u8> {
    let failures: Vec<Value> = snapshot
        .failures
        .iter()
        .map(|failure| {
            json!({
                "index": failure.index, "index_uuid": failure.index, "shard_id": failure.shard,
                "reason": failure.reason, "node_id": null, "status": "INTERNAL_SERVER_ERROR",
            })
        })
        .collect();
    let members = [
        ("name", json!(snapshot.name)),
        ("uuid", json!(snapshot.uuid)),
        ("version_id", json!(snapshot.version_id)),
        ("indices", json!(snapshot.indices)),
        ("data_streams", json!(snapshot.data_streams)),
        ("state", json!(snapshot.state)),
        ("reason", json!(snapshot.reason)),
        ("include_global_state", json!(snapshot.include_global_state)),
        ("metadata", json!(snapshot.user_metadata)),
        ("start_time", json!(snapshot.started)),
        ("end_time", json!(snapshot.ended)),
        ("total_shards", json!(snapshot.total_shards)),
        ("successful_shards", json!(snapshot.successful_shards)),
        ("failures", json!(failures)),
        ("pinned_timestamp", json!(snapshot.pinned_timestamp)),
    ];
    let written = members.into_iter().filter(|(_, value)| !value.is_null());
    let mut value: Map<String, Value> = written.map(|(name, value)| (name.to_owned(), value)).collect();
    if snapshot.shallow {
        value.insert("remote_store_index_shallow_copy".to_owned(), json!(true));
    }
    blob(SNAPSHOT, packing, &json!({ "snapshot": value }))
}

/// An index's `meta-{X}.dat`. Shards, uuid and creating version come on top of its settings.
pub fn index_metadata(packing: Packing, index: &IndexMetadata) -> Vec<u8> {
    let mut settings = index.settings.clone();
    settings.insert(
        "index.number_of_shards".to_owned(),
        json!(index.shards.to_string()),
    );
    if let Some(uuid) = &index.uuid {
        settings.insert("index.uuid".to_owned(), json!(uuid));
    }
    if let Some(created) = index.created {
        settings.insert("index.version.created".to_owned(), json!(created.to_string()));
    }
    let aliases: Map<String, Value> = index
        .aliases
        .iter()
        .map(|name| (name.clone(), json!({})))
        .collect();
    let [changed, mapping, alias] = index.versions.unwrap_or([1; 3]);
    let value = json!({
        "version": 3, "mapping_version": mapping, "settings_version": changed, "aliases_version": alias,
        "routing_num_shards": 1024, "state": "open", "settings": settings, "mappings": index.mappings,
        "aliases": aliases, "primary_terms": vec![1; index.shards as usize],
    });
    blob(INDEX_METADATA, packing, &json!({ &*index.name: value }))
}

/// The cluster's `meta-{uuid}.dat`.
pub fn global_metadata(packing: Packing, cluster_uuid: &str) -> Vec<u8> {
    let value = json!({"meta-data": {"version": 7, "cluster_uuid": cluster_uuid, "templates": {}}});
    blob(METADATA, packing, &value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{global, snapshot::ShardFailure};

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let written = Snapshot {
            name: "nightly".to_owned(),
            uuid: super::super::uuid(1),
            version_id: Some(7_100_299),
            indices: vec!["a".to_owned()],
            state: "PARTIAL".to_owned(),
            started: Some(5),
            failures: vec![ShardFailure {
                index: "a".to_owned(),
                shard: 2,
                reason: "gone".to_owned(),
            }],
            shallow: true,
            ..Snapshot::default()
        };
        let read = Snapshot::parse(&snapshot(Packing::Zstd, &written)).unwrap();
        assert_eq!(format!("{read:?}"), format!("{written:?}"));
    }

    #[test]
    fn index_metadata_is_read_as_it_was_written() {
        let written = IndexMetadata {
            name: "logs".to_owned(),
            shards: 3,
            uuid: Some(super::super::uuid(2)),
            created: Some(8_521_000),
            mappings: vec![json!({"_doc": {}})],
            aliases: vec!["all".to_owned()],
            versions: Some([4, 5, 6]),
            ..IndexMetadata::default()
        };
        let read = IndexMetadata::parse(&index_metadata(Packing::Deflate, &written)).unwrap();
        let without = IndexMetadata {
            settings: Map::new(),
            ..read.clone()
        };
        assert_eq!(format!("{without:?}"), format!("{written:?}"));
        assert_eq!(
            read.identifier(),
            Some(format!("{}-_na_-4-5-6", super::super::uuid(2)))
        );
    }

    #[test]
    fn global_metadata_is_read_as_it_was_written() {
        let read = global::check(&global_metadata(Packing::Plain, "c")).unwrap();
        assert_eq!(read.cluster_uuid.as_deref(), Some("c"));
    }
}
