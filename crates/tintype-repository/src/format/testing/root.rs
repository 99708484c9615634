//! Writes `index-N`.

use super::uuid;
use crate::format::root::{Root, RootIndex, RootSnapshot};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// `index-N` as the engine writes it that a root's members belong to: what is absent is not written.
pub fn root(root: &Root) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        min_version: &'a Option<Box<str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        uuid: &'a Option<Box<str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster_id: &'a Option<Box<str>>,
        #[serde(serialize_with = "snapshots")]
        snapshots: &'a Root,
        #[serde(serialize_with = "indices")]
        indices: &'a Root,
        #[serde(skip_serializing_if = "lacks_metadata", serialize_with = "identifiers")]
        index_metadata_identifiers: &'a Root,
    }
    let written = Written {
        min_version: &root.min_version,
        uuid: &root.uuid,
        cluster_id: &root.cluster_id,
        snapshots: root,
        indices: root,
        index_metadata_identifiers: root,
    };
    serde_json::to_vec(&written).expect("memory")
}

fn lacks_metadata(root: &&Root) -> bool {
    root.metadata.is_empty()
}

fn identifiers<S: serde::Serializer>(root: &Root, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(root.metadata.iter().map(|(identifier, blob)| (identifier, blob)))
}

fn snapshots<S: serde::Serializer>(root: &Root, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        root.snapshots
            .iter()
            .map(|snapshot| snapshot_value(root, snapshot)),
    )
}

fn snapshot_value(root: &Root, snapshot: &RootSnapshot) -> Map<String, Value> {
    let lookup = snapshot.metadata.as_ref().map(|lookup| -> Map<String, Value> {
        let entries = lookup.iter().map(|(index, metadata)| {
            let id = &root.indices[*index as usize].id;
            (id.to_string(), json!(root.metadata[*metadata as usize].0))
        });
        entries.collect()
    });
    let members = [
        ("name", json!(snapshot.name)),
        ("uuid", json!(snapshot.uuid)),
        ("state", json!(snapshot.state)),
        ("index_metadata_lookup", json!(lookup)),
        ("version", json!(snapshot.version)),
        ("index_version", json!(snapshot.index_version)),
        ("start_time_millis", json!(snapshot.started)),
        ("end_time_millis", json!(snapshot.ended)),
        ("slm_policy", json!(snapshot.policy)),
    ];
    let written = members.into_iter().filter(|(_, value)| !value.is_null());
    written.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn indices<S: serde::Serializer>(root: &Root, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Index<'a> {
        id: &'a str,
        snapshots: Vec<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        shard_generations: &'a Option<Vec<Option<Box<str>>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        shard_path_type: Option<u8>,
    }
    serializer.collect_map(root.indices.iter().map(|index| {
        let uuid = |snapshot: &u32| &*root.snapshots[*snapshot as usize].uuid;
        let written = Index {
            id: &index.id,
            snapshots: index.snapshots.iter().map(uuid).collect(),
            shard_generations: &index.generations,
            shard_path_type: index.has_path_type.then_some(index.path_type),
        };
        (&*index.name, written)
    }))
}

/// A root of Elasticsearch 8 with so many snapshots, each of `each` of so many indices with one shard: 10,000 of 100 of 5,000
/// are 1,000,000 pairs. Every index has one metadata blob.
pub fn large_root(snapshots: u32, each: u32, indices: u32) -> Root {
    let id = |kind: u64, number: u32| uuid(kind << 32 | u64::from(number));
    let mut all: Vec<RootIndex> = (0..indices)
        .map(|index| RootIndex {
            name: format!("logs-{index:06}").into(),
            id: id(1, index).into(),
            generations: Some(vec![Some(id(2, index).into())]),
            ..RootIndex::default()
        })
        .collect();
    let taken = (0..snapshots).map(|number| {
        let step = (indices / each.max(1)).max(1);
        let mut held: Vec<u32> = (0..each).map(|nth| (number * 7 + nth * step) % indices).collect();
        held.sort_unstable();
        held.dedup();
        for index in &held {
            all[*index as usize].snapshots.push(number);
        }
        RootSnapshot {
            name: format!("nightly-{number:06}").into(),
            uuid: id(3, number).into(),
            state: Some(1),
            version: Some("8.10.4".into()),
            metadata: Some(held.into_iter().map(|index| (index, index)).collect()),
            started: Some(i64::from(number) * 1000),
            ended: Some(i64::from(number) * 1000 + 500),
            policy: Some("daily".into()),
            ..RootSnapshot::default()
        }
    });
    let snapshots = taken.collect();
    let metadata = (0..indices).map(|index| {
        let blob = id(5, index);
        let blob = blob.get(..20).unwrap_or_default();
        (format!("{}-_na_-1-1-1", id(4, index)).into(), blob.into())
    });
    Root {
        snapshots,
        metadata: metadata.collect(),
        indices: all,
        min_version: Some("7.12.0".into()),
        uuid: Some(id(6, 0).into()),
        cluster_id: Some(id(6, 1).into()),
        ..Root::default()
    }
}
