//! The cluster as a whole: version, nodes, health, state.

use serde_json::{Value, json};

use super::{
    routes::{Ask, Reply, error},
    state::Cluster,
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
    });
    let counts = json!({"total": 1, "successful": 1, "failed": 0});
    (
        200,
        json!({"_nodes": counts, "cluster_name": "fake", "nodes": {"fakenode0000000000001": node}}),
    )
}

fn colour(cluster: &Cluster) -> &'static str {
    if cluster.indices.values().any(|index| index.red) {
        "red"
    } else {
        "green"
    }
}

pub(super) fn health(cluster: &Cluster) -> Reply {
    let shards: u32 = cluster.indices.values().map(|index| index.shards).sum();
    (
        200,
        json!({"cluster_name": "fake", "status": colour(cluster), "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": shards, "active_shards": shards,
            "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": 0, "number_of_pending_tasks": 0,
            "active_shards_percent_as_number": 100.0}),
    )
}

pub(super) fn state(cluster: &Cluster) -> Reply {
    let indices: serde_json::Map<String, Value> = cluster
        .indices
        .iter()
        .map(|(name, index)| {
            (
                name.clone(),
                json!({"state": if index.closed { "close" } else { "open" }}),
            )
        })
        .collect();
    let metadata = json!({"cluster_uuid": cluster.uuid, "indices": indices});
    (
        200,
        json!({"cluster_name": "fake", "cluster_uuid": cluster.uuid, "version": 1, "state_uuid": "fakestate",
            "metadata": metadata}),
    )
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

/// Everything asked for is granted; a test that wants otherwise scripts the answer.
pub(super) fn has_privileges(ask: &Ask) -> Reply {
    let Some(asked) = ask.body["cluster"].as_array() else {
        return error(
            400,
            "illegal_argument_exception",
            "only cluster privileges are known here",
        );
    };
    let granted: serde_json::Map<String, Value> = asked
        .iter()
        .filter_map(Value::as_str)
        .map(|name| (name.to_owned(), true.into()))
        .collect();
    (
        200,
        json!({"username": "fake", "has_all_requested": true, "cluster": granted, "index": {}, "application": {}}),
    )
}
