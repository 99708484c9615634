//! Snapshots: begun, listed, deleted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Dialect,
    cluster::NODE_ID,
    names::{check_snapshot_name, expressions, index_names, resolve},
    repositories::missing,
    routes::{Ask, Reply, error},
    state::{Cluster, Index, Progress, Snapshot, SnapshotState, Work, new_uuid, now_ms},
};
use crate::faults::glob;

pub(super) fn create(cluster: &mut Cluster, repository: &str, name: &str, ask: &Ask) -> Reply {
    if !cluster.repositories.contains_key(repository) {
        return missing(repository);
    }
    begin(cluster, repository, name, ask).map_or_else(
        |reply| reply,
        |mut snapshot| {
            if !ask.flag("wait_for_completion") {
                cluster.stored(repository).push(snapshot);
                return (200, json!({"accepted": true}));
            }
            snapshot.finish(snapshot.outcome.unwrap_or(SnapshotState::Failed));
            let shown = show(cluster.dialect, repository, &snapshot);
            cluster.stored(repository).push(snapshot);
            (200, json!({"snapshot": shown}))
        },
    )
}

/// Everything that can refuse a snapshot, in the engines' order.
fn begin(cluster: &mut Cluster, repository: &str, name: &str, ask: &Ask) -> Result<Snapshot, Reply> {
    check_snapshot_name(repository, name)?;
    let registration = cluster.repositories[repository].clone();
    if registration.readonly() {
        return Err(error(
            500,
            "repository_exception",
            &format!("[{repository}] cannot create snapshot in a readonly repository"),
        ));
    }
    if cluster.stored(repository).iter().any(|known| known.name == name) {
        let reason = format!(
            "[{repository}:{name}] Invalid snapshot name [{name}], snapshot with the same name already exists"
        );
        return Err(error(400, cluster.dialect.name_taken_error(), &reason));
    }
    if cluster.dialect == Dialect::Es6 && cluster.any_running() {
        let reason = format!("[{repository}:{name}] a snapshot is already running");
        return Err(error(503, "concurrent_snapshot_execution_exception", &reason));
    }
    let indices = select(cluster, ask)?;
    let partial = ask.body["partial"] == json!(true);
    let red = indices.values().any(|index| index.red) && !partial;
    if red && cluster.dialect != Dialect::Es6 {
        let reason = format!("[{repository}:{name}] Indices don't have primary shards");
        return Err(error(500, "snapshot_exception", &reason));
    }
    let broken = cluster.broken.contains(&registration.location());
    if broken && cluster.dialect == Dialect::Es6 {
        return Err(error(
            500,
            "snapshot_creation_exception",
            &format!("[{repository}:{name}] failed to create snapshot"),
        ));
    }
    let metadata = if cluster.dialect == Dialect::Es6 {
        Value::Null
    } else {
        ask.body["metadata"].clone()
    };
    let outcome = if red {
        SnapshotState::Failed
    } else {
        SnapshotState::Success
    };
    let mut snapshot = Snapshot {
        name: name.to_owned(),
        uuid: new_uuid(),
        state: SnapshotState::InProgress,
        indices,
        global_state: ask.body["include_global_state"] != json!(false),
        metadata,
        started: now_ms(),
        ended: 0,
        work: Work::new(cluster.progress),
        outcome: (!broken).then_some(outcome),
    };
    settle(&mut snapshot);
    Ok(snapshot)
}

fn select(cluster: &Cluster, ask: &Ask) -> Result<BTreeMap<String, Index>, Reply> {
    let wildcards = expressions(&ask.body["expand_wildcards"]);
    let closed = match wildcards.is_empty() {
        true => cluster.dialect.takes_closed(),
        false => wildcards.iter().any(|word| word == "all" || word == "closed"),
    };
    let known = index_names(cluster, closed);
    let names = resolve(
        &expressions(&ask.body["indices"]),
        &known,
        ask.body["ignore_unavailable"] == json!(true),
    )?;
    Ok(names
        .into_iter()
        .map(|name| (name.clone(), cluster.indices[&name].clone()))
        .collect())
}

/// A snapshot whose work is done gets the state that it was meant to have.
fn settle(snapshot: &mut Snapshot) {
    if snapshot.running()
        && snapshot.work.done
        && let Some(outcome) = snapshot.outcome
    {
        snapshot.finish(outcome);
    }
}

/// One look at the running snapshots that `which` picks: they move forward, and those on a broken location vanish.
pub(super) fn look(stored: &mut Vec<Snapshot>, which: impl Fn(&Snapshot) -> bool) {
    for snapshot in stored
        .iter_mut()
        .filter(|snapshot| snapshot.running() && which(snapshot))
    {
        snapshot.work.look();
        settle(snapshot);
    }
    stored.retain(|snapshot| !(snapshot.running() && snapshot.work.done));
}

/// Whether one of the comma-separated names of a URL means this snapshot.
pub(super) fn wanted(names: &[String], snapshot: &Snapshot) -> bool {
    names.iter().any(|name| match name.as_str() {
        "_all" => true,
        "_current" => snapshot.running(),
        pattern => glob(pattern, &snapshot.name),
    })
}

/// The error for a plain name that is not there.
pub(super) fn check_present(names: &[String], repository: &str, stored: &[Snapshot]) -> Result<(), Reply> {
    let plain = names
        .iter()
        .filter(|name| !name.contains('*') && !matches!(name.as_str(), "_all" | "_current"));
    for name in plain {
        if !stored.iter().any(|snapshot| snapshot.name == *name) {
            return Err(error(
                404,
                "snapshot_missing_exception",
                &format!("[{repository}:{name}] is missing"),
            ));
        }
    }
    Ok(())
}

pub(super) fn list(cluster: &mut Cluster, repository: &str, names: &str, ask: &Ask) -> Reply {
    if !cluster.repositories.contains_key(repository) {
        return missing(repository);
    }
    let dialect = cluster.dialect;
    let paging = ["size", "sort", "order", "offset", "after"]
        .iter()
        .find(|name| ask.query.contains_key(**name));
    if let Some(parameter) = paging.filter(|_| !dialect.pages()) {
        let reason = format!(
            "request [/_snapshot/{repository}/{names}] contains unrecognized parameter: [{parameter}]"
        );
        return error(400, "illegal_argument_exception", &reason);
    }
    let names = expressions(&names.into());
    let stored = cluster.stored(repository);
    look(stored, |snapshot| wanted(&names, snapshot));
    if !ask.flag("ignore_unavailable")
        && let Err(reply) = check_present(&names, repository, stored)
    {
        return reply;
    }
    let mut found: Vec<&Snapshot> = stored
        .iter()
        .filter(|snapshot| wanted(&names, snapshot))
        .collect();
    if ask.query.get("sort").is_some_and(|sort| sort == "name") {
        found.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if ask.query.get("order").is_some_and(|order| order == "desc") {
        found.reverse();
    }
    let number = |name: &str| ask.query.get(name).and_then(|value| value.parse::<usize>().ok());
    // The token of the next page is opaque to clients; here it is the page's offset.
    let offset = number("after").or(number("offset")).unwrap_or(0);
    let total = found.len();
    let page: Vec<&Snapshot> = found
        .into_iter()
        .skip(offset)
        .take(number("size").unwrap_or(usize::MAX))
        .collect();
    let end = (offset + page.len()).min(total);
    let shown: Vec<Value> = page
        .into_iter()
        .map(|snapshot| show(dialect, repository, snapshot))
        .collect();
    let mut body = json!({"snapshots": shown});
    if dialect.pages() {
        body["total"] = total.into();
        body["remaining"] = (total - end).into();
        if end < total {
            body["next"] = end.to_string().into();
        }
    }
    (200, body)
}

fn show(dialect: Dialect, repository: &str, snapshot: &Snapshot) -> Value {
    let (total, failed) = if snapshot.running() {
        (0, 0)
    } else {
        (snapshot.shards(), snapshot.failed_shards())
    };
    let failures: Vec<Value> = (0..failed)
        .map(|shard| json!({"index": snapshot.indices.keys().next(), "shard_id": shard, "status": "INTERNAL_SERVER_ERROR",
            "reason": "IOException[No space left on device]", "node_id": NODE_ID}))
        .collect();
    let mut shown = json!({
        "snapshot": snapshot.name, "uuid": snapshot.uuid, "version_id": dialect.version_id(), "version": dialect.version(),
        "indices": snapshot.indices.keys().collect::<Vec<_>>(), "data_streams": [],
        "include_global_state": snapshot.global_state, "state": snapshot.state.name(),
        "start_time": iso(snapshot.started), "start_time_in_millis": snapshot.started,
        "end_time": iso(snapshot.ended), "end_time_in_millis": snapshot.ended,
        "duration_in_millis": snapshot.ended.saturating_sub(snapshot.started), "failures": failures,
        "shards": {"total": total, "failed": failed, "successful": total - failed},
    });
    if dialect.pages() {
        shown["repository"] = repository.into();
        shown["feature_states"] = json!([]);
    }
    if !snapshot.metadata.is_null() {
        shown["metadata"] = snapshot.metadata.clone();
    }
    shown
}

/// Milliseconds since 1970 as the engines print them.
fn iso(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    // Howard Hinnant's civil_from_days, for days since 1970-01-01.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second, ms) = (
        rest / 3_600_000,
        rest / 60_000 % 60,
        rest / 1_000 % 60,
        rest % 1_000,
    );
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

pub(super) fn delete(cluster: &mut Cluster, repository: &str, names: &str) -> Reply {
    let Some(registration) = cluster.repositories.get(repository) else {
        return missing(repository);
    };
    if registration.readonly() {
        return error(
            500,
            "repository_exception",
            &format!("[{repository}] cannot delete snapshot from a readonly repository"),
        );
    }
    let names = expressions(&names.into());
    let stored = cluster.stored(repository);
    if let Err(reply) = check_present(&names, repository, stored) {
        return reply;
    }
    stored.retain(|snapshot| !wanted(&names, snapshot));
    (200, json!({"acknowledged": true}))
}

pub(super) fn add_finished(cluster: &mut Cluster, repository: &str, name: &str, state: SnapshotState) {
    assert!(
        cluster.repositories.contains_key(repository),
        "no repository {repository}"
    );
    let mut snapshot = Snapshot {
        name: name.to_owned(),
        uuid: new_uuid(),
        state,
        indices: cluster.indices.clone(),
        global_state: true,
        metadata: Value::Null,
        started: now_ms(),
        ended: 0,
        work: Work::new(if state == SnapshotState::InProgress {
            Progress::OnCommand
        } else {
            Progress::Looks(0)
        }),
        outcome: Some(state),
    };
    if state != SnapshotState::InProgress {
        snapshot.finish(state);
    }
    cluster.stored(repository).push(snapshot);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_times_as_the_engines_do() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_827_696_789), "2000-02-29T12:34:56.789Z");
    }
}
