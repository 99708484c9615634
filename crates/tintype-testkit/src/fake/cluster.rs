//! The cluster as a whole: version, nodes, health, state.

use serde_json::{Map, Value, json};

use super::{
    Dialect, Index, indices,
    routes::{Ask, Reply, error},
    state::{Cluster, now_ms},
};

pub(super) fn root(cluster: &Cluster) -> Reply {
    if !cluster.has_root {
        return (
            405,
            json!({"error": "Incorrect HTTP method for uri [/] and method [GET], allowed: []", "status": 405}),
        );
    }
    let mut version =
        json!({"number": cluster.dialect.version(), "build_type": "zip", "build_snapshot": false});
    if cluster.dialect.is_opensearch() {
        version["distribution"] = "opensearch".into();
    } else {
        version["build_flavor"] = "default".into();
    }
    let tagline = if cluster.dialect.is_opensearch() {
        "The OpenSearch Project: https://opensearch.org/"
    } else {
        "You Know, for Search"
    };
    (
        200,
        json!({"name": "node-1", "cluster_name": "fake", "cluster_uuid": cluster.uuid, "version": version, "tagline": tagline}),
    )
}

pub(super) fn nodes(cluster: &Cluster) -> Reply {
    let node = json!({
        "name": "node-1", "version": cluster.dialect.version(), "ip": "127.0.0.1", "host": "127.0.0.1",
        "roles": ["data", "ingest", "master"], "build_type": "zip",
        "settings": {"path": {"repo": ["/"]}}, "plugins": [{"name": "repository-s3"}], "modules": [],
        "attributes": {}, "timestamp": now_ms().saturating_add_signed(cluster.ahead), "jvm": {"mem": {"heap_max_in_bytes": 536_870_912_u64}},
    });
    let counts = json!({"total": 1, "successful": 1, "failed": 0});
    (
        200,
        json!({"_nodes": counts, "cluster_name": "fake", "nodes": {NODE_ID: node}}),
    )
}

/// The id of every fake's only node.
pub(super) const NODE_ID: &str = "fakenode0000000000001";

fn colour(cluster: &Cluster) -> &'static str {
    if cluster.indices.values().any(|index| index.red) {
        "red"
    } else {
        "green"
    }
}

pub(super) fn health(cluster: &Cluster, ask: &Ask) -> Reply {
    let shards: u32 = cluster.indices.values().map(|index| index.shards).sum();
    let mut health = json!({"cluster_name": "fake", "status": colour(cluster), "timed_out": false, "number_of_nodes": 1,
        "number_of_data_nodes": 1, "active_primary_shards": shards, "active_shards": shards,
        "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": 0, "number_of_pending_tasks": 0,
        "active_shards_percent_as_number": 100.0});
    if ask.query.get("level").is_some_and(|level| level == "indices") {
        let status = |index: &Index| json!({"status": if index.red { "red" } else { "green" }});
        health["indices"] = cluster
            .indices
            .iter()
            .map(|(name, index)| (name.clone(), status(index)))
            .collect();
    }
    (200, health)
}

pub(super) fn state(cluster: &Cluster) -> Reply {
    let show = |name: &str, index: &Index| {
        json!({"state": if index.closed { "close" } else { "open" }, "aliases": [],
            "settings": {"index": indices::index_settings(name, index)}})
    };
    let indices: Map<String, Value> = cluster
        .indices
        .iter()
        .map(|(name, index)| (name.clone(), show(name, index)))
        .collect();
    let metadata = json!({"cluster_uuid": cluster.uuid, "indices": indices});
    let mut state = json!({"cluster_name": "fake", "cluster_uuid": cluster.uuid, "version": 1, "state_uuid": "fakestate",
        "master_node": NODE_ID, "metadata": metadata, "restore": {"snapshots": running_restores(cluster)}});
    if matches!(cluster.dialect, Dialect::Os2 | Dialect::Os3) {
        state["cluster_manager_node"] = NODE_ID.into();
    }
    (200, state)
}

fn running_restores(cluster: &Cluster) -> Vec<Value> {
    let running = cluster
        .recoveries
        .values()
        .filter(|recovery| !recovery.progress.done);
    running
        .map(|recovery| {
            json!({"snapshot": recovery.snapshot, "repository": recovery.repository, "state": "STARTED",
                "indices": [recovery.index]})
        })
        .collect()
}

pub(super) fn stats(cluster: &Cluster) -> Reply {
    let docs: u64 = cluster.indices.values().map(|index| index.docs).sum();
    let indices = json!({"count": cluster.indices.len(), "docs": {"count": docs}});
    let nodes = json!({"count": {"total": 1}, "versions": [cluster.dialect.version()]});
    (
        200,
        json!({"cluster_name": "fake", "cluster_uuid": cluster.uuid, "status": colour(cluster), "indices": indices, "nodes": nodes}),
    )
}

pub(super) fn authenticate() -> Reply {
    (
        200,
        json!({"username": "fake", "roles": ["superuser"], "enabled": true, "authentication_type": "realm"}),
    )
}

/// Everything asked for is granted that was not denied.
pub(super) fn has_privileges(cluster: &Cluster, ask: &Ask) -> Reply {
    let Some(asked) = ask.body["cluster"].as_array() else {
        return error(
            400,
            "illegal_argument_exception",
            "the privileges that are asked about are missing",
        );
    };
    let granted = |names: &[Value]| -> Map<String, Value> {
        let names = names.iter().filter_map(Value::as_str);
        names
            .map(|name| (name.to_owned(), (!cluster.denied.contains(name)).into()))
            .collect()
    };
    let mut indices = Map::new();
    for asked in ask.body["index"].as_array().into_iter().flatten() {
        let privileges = granted(
            asked["privileges"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default(),
        );
        for pattern in asked["names"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            indices.insert(pattern.to_owned(), privileges.clone().into());
        }
    }
    let cluster_privileges = granted(asked);
    let all = |granted: &Map<String, Value>| granted.values().all(|one| *one == true);
    let of_all_indices = indices.values().filter_map(Value::as_object).all(all);
    let has_all = all(&cluster_privileges) && of_all_indices;
    (
        200,
        json!({"username": "fake", "has_all_requested": has_all, "cluster": cluster_privileges, "index": indices,
            "application": {}}),
    )
}
