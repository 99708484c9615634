//! `_status`: progress by index and shard.

use serde_json::{Map, Value, json};

use super::{
    names::expressions,
    repositories::missing,
    routes::{Ask, Reply},
    snapshots::{check_present, look, wanted},
    state::{Cluster, Snapshot, SnapshotState},
};

/// What runs, everywhere or in one repository.
pub(super) fn running(cluster: &mut Cluster, repository: Option<&str>) -> Reply {
    let names: Vec<String> = match repository {
        Some(name) if !cluster.repositories.contains_key(name) => return missing(name),
        Some(name) => vec![name.to_owned()],
        None => cluster.repositories.keys().cloned().collect(),
    };
    let mut shown = Vec::new();
    for name in names {
        let hides = cluster.dialect.hides_first_total();
        let stored = cluster.stored(&name);
        look(stored, |_| true);
        shown.extend(
            stored
                .iter()
                .filter(|snapshot| snapshot.running())
                .map(|snapshot| show(&name, snapshot, hides)),
        );
    }
    (200, json!({"snapshots": shown}))
}

pub(super) fn of(cluster: &mut Cluster, repository: &str, names: &str, ask: &Ask) -> Reply {
    if !cluster.repositories.contains_key(repository) {
        return missing(repository);
    }
    let hides = cluster.dialect.hides_first_total();
    let names = expressions(&names.into());
    let stored = cluster.stored(repository);
    look(stored, |snapshot| wanted(&names, snapshot));
    if !ask.flag("ignore_unavailable")
        && let Err(reply) = check_present(&names, repository, stored)
    {
        return reply;
    }
    let found = stored.iter().filter(|snapshot| wanted(&names, snapshot));
    (
        200,
        json!({"snapshots": found.map(|snapshot| show(repository, snapshot, hides)).collect::<Vec<_>>()}),
    )
}

/// Files of one shard, an index or a snapshot: all, and complete ones, with their bytes.
#[derive(Default, Clone, Copy)]
struct Amount {
    files: u64,
    bytes: u64,
    done_files: u64,
    done_bytes: u64,
    shards: u64,
    done_shards: u64,
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.done_files += other.done_files;
        self.done_bytes += other.done_bytes;
        self.shards += other.shards;
        self.done_shards += other.done_shards;
    }

    fn stats(&self, snapshot: &Snapshot, hidden: bool) -> Value {
        let pair = |files: u64, bytes: u64| match hidden {
            true => json!({"file_count": 0, "size_in_bytes": 0}),
            false => json!({"file_count": files, "size_in_bytes": bytes}),
        };
        let mut stats = json!({"incremental": pair(self.files, self.bytes), "total": pair(self.files, self.bytes),
            "start_time_in_millis": snapshot.started, "time_in_millis": snapshot.ended.saturating_sub(snapshot.started)});
        if self.done_files < self.files {
            stats["processed"] = pair(self.done_files, self.done_bytes);
        }
        stats
    }

    fn shards_stats(&self, failed: u64) -> Value {
        let done = self.done_shards.saturating_sub(failed);
        json!({"initializing": 0, "started": self.shards - self.done_shards, "finalizing": 0, "done": done,
            "failed": failed, "total": self.shards})
    }
}

fn show(repository: &str, snapshot: &Snapshot, hides_first_total: bool) -> Value {
    let all: u64 = snapshot
        .indices
        .values()
        .map(|index| u64::from(index.shards) * index.files)
        .sum();
    let mut done = if snapshot.running() {
        snapshot.work.files_done(all)
    } else {
        all
    };
    let hidden = hides_first_total && snapshot.running() && done == 0;
    let (mut sum, mut indices) = (Amount::default(), Map::new());
    for (name, index) in &snapshot.indices {
        let (mut index_sum, mut shards) = (Amount::default(), Map::new());
        for shard in 0..index.shards {
            let done_files = done.min(index.files);
            done -= done_files;
            let complete = done_files == index.files;
            let amount = Amount {
                files: index.files,
                bytes: index.files * index.file_bytes,
                done_files,
                done_bytes: done_files * index.file_bytes,
                shards: 1,
                done_shards: u64::from(complete),
            };
            let stage = if complete { "DONE" } else { "STARTED" };
            shards.insert(
                shard.to_string(),
                json!({"stage": stage, "stats": amount.stats(snapshot, hidden)}),
            );
            index_sum.add(amount);
        }
        let shown = json!({"shards_stats": index_sum.shards_stats(0), "stats": index_sum.stats(snapshot, hidden), "shards": shards});
        indices.insert(name.clone(), shown);
        sum.add(index_sum);
    }
    let state = match snapshot.state {
        SnapshotState::InProgress => "STARTED",
        state => state.name(),
    };
    json!({"snapshot": snapshot.name, "repository": repository, "uuid": snapshot.uuid, "state": state,
        "include_global_state": snapshot.global_state, "shards_stats": sum.shards_stats(snapshot.failed_shards().into()),
        "stats": sum.stats(snapshot, hidden), "indices": indices})
}
