//! Registrations of repositories.

use serde_json::{Map, Value, json};

use super::{
    cluster::NODE_ID,
    names::expressions,
    routes::{Ask, Reply, error},
    state::{Cluster, Repository, Snapshot, new_uuid},
};
use crate::faults::glob;

pub(super) fn missing(name: &str) -> Reply {
    error(404, "repository_missing_exception", &format!("[{name}] missing"))
}

/// The one type that every full distribution knows, and those whose plugin this fake claims.
const TYPES: [&str; 5] = ["fs", "s3", "gcs", "azure", "url"];

pub(super) fn register(cluster: &mut Cluster, name: &str, body: &Value) {
    let kind = body["type"].as_str().unwrap_or("fs").to_owned();
    let settings = body["settings"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), as_written(value)));
    let repository = Repository {
        kind,
        settings: settings.collect(),
        uuid: new_uuid(),
    };
    // One storage has one uuid, however often it is registered.
    let known = cluster
        .repositories
        .values()
        .find(|known| known.location() == repository.location());
    let uuid = known.map_or_else(|| repository.uuid.clone(), |known| known.uuid.clone());
    cluster
        .repositories
        .insert(name.to_owned(), Repository { uuid, ..repository });
}

/// The engines keep every setting as a string.
fn as_written(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        other => other.clone(),
    }
}

pub(super) fn put(cluster: &mut Cluster, name: &str, ask: &Ask) -> Reply {
    let Some(kind) = ask.body["type"].as_str() else {
        return error(
            400,
            "action_request_validation_exception",
            "Validation Failed: 1: type is missing;",
        );
    };
    if !TYPES.contains(&kind) {
        let reason = format!("[{name}] repository type [{kind}] does not exist");
        return error(500, "repository_exception", &reason);
    }
    if kind == "fs"
        && !ask.body["settings"]["location"]
            .as_str()
            .is_some_and(|location| location.starts_with('/'))
    {
        let reason = format!(
            "[{name}] location [{}] doesn't match any of the locations specified by path.repo",
            ask.body["settings"]["location"]
        );
        return error(500, "repository_exception", &reason);
    }
    let busy = cluster.repositories.contains_key(name) && cluster.stored(name).iter().any(Snapshot::running);
    if busy && !cluster.dialect.reregisters_while_busy() {
        return error(
            500,
            "illegal_state_exception",
            "trying to modify or unregister repository that is currently used",
        );
    }
    register(cluster, name, &ask.body);
    let verified = ask.query.get("verify").is_none_or(|verify| verify != "false");
    if verified && let Some(reply) = unwritable(cluster, name) {
        return reply;
    }
    (200, json!({"acknowledged": true}))
}

pub(super) fn show(cluster: &Cluster, names: &str) -> Reply {
    let mut found = Map::new();
    for pattern in expressions(&names.into()) {
        let pattern = if pattern == "_all" { "*" } else { &pattern };
        let fits: Vec<_> = cluster
            .repositories
            .iter()
            .filter(|(name, _)| glob(pattern, name))
            .collect();
        if fits.is_empty() && !pattern.contains('*') {
            return missing(pattern);
        }
        for (name, repository) in fits {
            let mut shown = repository.registration();
            // The uuid is that of the storage's contents: there is none before the first snapshot.
            let written = cluster
                .storage
                .get(&repository.location())
                .is_some_and(|stored| !stored.is_empty());
            if cluster.dialect.pages() && written {
                shown["uuid"] = repository.uuid.clone().into();
            }
            found.insert(name.clone(), shown);
        }
    }
    (200, Value::Object(found))
}

pub(super) fn delete(cluster: &mut Cluster, name: &str) -> Reply {
    if !cluster.repositories.contains_key(name) {
        return missing(name);
    }
    if cluster.stored(name).iter().any(Snapshot::running) {
        return error(
            500,
            "illegal_state_exception",
            "trying to modify or unregister repository that is currently used",
        );
    }
    cluster.repositories.remove(name);
    (200, json!({"acknowledged": true}))
}

fn unwritable(cluster: &Cluster, name: &str) -> Option<Reply> {
    let repository = &cluster.repositories[name];
    let broken = cluster.broken.contains(&repository.location()) && !repository.readonly();
    let reason = format!("[{name}] path is not accessible on master node: Read-only file system");
    broken.then(|| error(500, "repository_verification_exception", &reason))
}

pub(super) fn verify(cluster: &Cluster, name: &str) -> Reply {
    if !cluster.repositories.contains_key(name) {
        return missing(name);
    }
    unwritable(cluster, name).unwrap_or_else(|| (200, json!({"nodes": {NODE_ID: {"name": "node-1"}}})))
}

pub(super) fn cleanup(cluster: &Cluster, name: &str) -> Reply {
    if !cluster.repositories.contains_key(name) {
        return missing(name);
    }
    (200, json!({"results": {"deleted_bytes": 0, "deleted_blobs": 0}}))
}
