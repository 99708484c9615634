//! Restores and their recoveries.

use serde_json::{Map, Value, json};

use super::{
    names::{expressions, index_names, resolve},
    repositories::missing,
    routes::{Ask, Reply, error},
    state::{Cluster, Index, Recovery, SnapshotState, Work},
};

pub(super) fn start(cluster: &mut Cluster, repository: &str, name: &str, ask: &Ask) -> Reply {
    begin(cluster, repository, name, ask).unwrap_or_else(|refused| refused)
}

fn begin(cluster: &mut Cluster, repository: &str, name: &str, ask: &Ask) -> Result<Reply, Reply> {
    if !cluster.repositories.contains_key(repository) {
        return Err(missing(repository));
    }
    let refuse = |reason: String| {
        error(
            500,
            "snapshot_restore_exception",
            &format!("[{repository}:{name}] {reason}"),
        )
    };
    let found = cluster
        .stored(repository)
        .iter()
        .find(|snapshot| snapshot.name == name)
        .cloned();
    let snapshot = found.ok_or_else(|| refuse("snapshot does not exist".into()))?;
    if !matches!(snapshot.state, SnapshotState::Success | SnapshotState::Partial) {
        return Err(refuse(format!(
            "unsupported snapshot state [{}]",
            snapshot.state.name()
        )));
    }
    let known: Vec<String> = snapshot.indices.keys().cloned().collect();
    let ignore = ask.body["ignore_unavailable"] == json!(true);
    let chosen = resolve(&expressions(&ask.body["indices"]), &known, ignore)?;
    let renamed: Vec<(String, String)> = chosen
        .into_iter()
        .map(|index| (index.clone(), rename(&index, &ask.body)))
        .collect();
    for (_, target) in &renamed {
        if cluster.indices.get(target).is_some_and(|index| !index.closed) {
            return Err(refuse(format!(
                "cannot restore index [{target}] because an open index with same name already exists in the cluster"
            )));
        }
    }
    for (source, target) in renamed {
        let mut progress = Work::new(cluster.progress);
        if ask.flag("wait_for_completion") {
            progress.finish();
        }
        let recovery = Recovery {
            progress,
            repository: repository.to_owned(),
            snapshot: name.to_owned(),
            index: source.clone(),
        };
        let index = Index {
            closed: false,
            ..snapshot.indices[&source].clone()
        };
        cluster.recoveries.insert(target.clone(), recovery);
        cluster.indices.insert(target, index);
    }
    Ok((200, json!({"accepted": true})))
}

/// The engines replace every match of a Java regular expression. Known here: one group around everything (`(.*)`,
/// `(.+)`, with or without anchors, `$1` in the replacement), and plain text.
fn rename(name: &str, body: &Value) -> String {
    let (Some(pattern), Some(replacement)) = (
        body["rename_pattern"].as_str(),
        body["rename_replacement"].as_str(),
    ) else {
        return name.to_owned();
    };
    match pattern.trim_start_matches('^').trim_end_matches('$') {
        "(.+)" | "(.*)" => replacement.replace("$1", name),
        plain => name.replace(plain, replacement),
    }
}

pub(super) fn recovery(cluster: &mut Cluster, names: &str) -> Reply {
    let found = match resolve(&expressions(&names.into()), &index_names(cluster, true), false) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let version = cluster.dialect.version();
    let mut shown = Map::new();
    for name in found {
        let index = &cluster.indices[&name];
        let recovery = cluster.recoveries.get_mut(&name).map(|recovery| {
            recovery.progress.look();
            &*recovery
        });
        let shards: Vec<Value> = (0..index.shards)
            .map(|shard| show_shard(index, recovery, shard, version))
            .collect();
        shown.insert(name, json!({"shards": shards}));
    }
    (200, Value::Object(shown))
}

fn show_shard(index: &Index, recovery: Option<&Recovery>, shard: u32, version: &str) -> Value {
    let done = recovery.map_or(index.files, |recovery| recovery.progress.files_done(index.files));
    let complete = recovery.is_none_or(|recovery| recovery.progress.done);
    let percent = |done: u64, all: u64| {
        format!(
            "{:.1}%",
            if all == 0 {
                100.0
            } else {
                done as f64 * 100.0 / all as f64
            }
        )
    };
    let (all_bytes, done_bytes) = (index.files * index.file_bytes, done * index.file_bytes);
    let source = recovery.map_or_else(
        || json!({}),
        |from| json!({"repository": from.repository, "snapshot": from.snapshot, "version": version, "index": from.index,
            "restoreUUID": "fakerestore"}),
    );
    json!({
        "id": shard, "type": if recovery.is_some() { "SNAPSHOT" } else { "EMPTY_STORE" },
        "stage": if complete { "DONE" } else { "INDEX" }, "primary": true, "source": source,
        "target": {"name": "node-1", "host": "127.0.0.1"}, "start_time_in_millis": 1, "total_time_in_millis": 1,
        "index": {
            "size": {"total_in_bytes": all_bytes, "reused_in_bytes": 0, "recovered_in_bytes": done_bytes,
                "percent": percent(done_bytes, all_bytes)},
            "files": {"total": index.files, "reused": 0, "recovered": done, "percent": percent(done, index.files)},
        },
    })
}
