//! A few blobs of each kind, in every packing.

use crate::format::codec::SNAPSHOT;
use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::format::snapshot::Snapshot;
use crate::format::testing::{
    Packing, binary, blob, global_metadata, index_metadata, large_root, pack, root, shard_generation,
    shard_snapshot, snapshot, uuid,
};
use serde_json::json;

const PACKINGS: [Packing; 3] = [Packing::Plain, Packing::Deflate, Packing::Zstd];

fn packed(write: impl Fn(Packing) -> Vec<u8>) -> Vec<Vec<u8>> {
    PACKINGS.into_iter().map(write).collect()
}

pub(super) fn roots() -> Vec<Vec<u8>> {
    let old = json!({
        "snapshots": ["old", {"name": "a", "uuid": uuid(1), "state": 1}],
        "indices": {"i": {"id": uuid(2), "snapshots": [{"name": "a", "uuid": uuid(1)}, "old"]}},
    });
    vec![
        root(&large_root(5, 3, 5)),
        root(&large_root(0, 0, 0)),
        old.to_string().into_bytes(),
    ]
}

pub(super) fn snapshots() -> Vec<Vec<u8>> {
    let written = Snapshot {
        name: "nightly".to_owned(),
        uuid: uuid(1),
        state: "SUCCESS".to_owned(),
        indices: vec!["a".to_owned(), "b".to_owned()],
        user_metadata: Some(json!({"policy": "daily", "deep": [[{}]]})),
        ..Snapshot::default()
    };
    packed(|packing| snapshot(packing, &written))
}

pub(super) fn indices() -> Vec<Vec<u8>> {
    let mapping = pack(
        Packing::Deflate,
        br#"{"_doc":{"properties":{"a":{"type":"keyword"}}}}"#,
    );
    let written = IndexMetadata {
        name: "logs".to_owned(),
        shards: 3,
        uuid: Some(uuid(1)),
        mappings: vec![
            binary(&mapping),
            json!({"_doc": {"properties": {"a": {"type": "long"}}}}),
        ],
        ..IndexMetadata::default()
    };
    packed(|packing| index_metadata(packing, &written))
}

pub(super) fn globals() -> Vec<Vec<u8>> {
    packed(|packing| global_metadata(packing, &uuid(1)))
}

fn files() -> Vec<FileInfo> {
    let names = ["__a", "v__b", "__c"];
    let all = names.into_iter().zip(0_u32..).map(|(name, number)| FileInfo {
        name: name.into(),
        physical_name: format!("_{number}.cfs").into(),
        length: 40,
        checksum: number * 1_000_000_007,
        part_size: (number == 2).then_some(7),
        written_by: "9.12.2".into(),
        hash: if number == 1 {
            vec![number as u8; 40].into()
        } else {
            Box::default()
        },
    });
    all.collect()
}

pub(super) fn shards() -> Vec<Vec<u8>> {
    packed(|packing| shard_snapshot(packing, "nightly", 1, &files()))
}

pub(super) fn generations() -> Vec<Vec<u8>> {
    packed(|packing| shard_generation(packing, &files(), &[("nightly", vec![0, 1]), ("last", vec![2])]))
}

pub(super) fn shallows() -> Vec<Vec<u8>> {
    let value = json!({
        "version": "2", "name": "nightly", "index_uuid": uuid(1), "remote_store_repository": "segments",
        "remote_store_repository_base_path": "base", "file_names": ["_0.cfs", "segments_4"],
    });
    packed(|packing| blob(SNAPSHOT, packing, &value))
}

pub(super) fn paths() -> Vec<Vec<u8>> {
    let value = json!({"indexId": uuid(1), "paths": ["a00010100111100/indices/x/0"]});
    vec![value.to_string().into_bytes()]
}
