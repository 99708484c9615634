//! How far running snapshots are.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::lenient;
use crate::api::names::snapshot_path;
use crate::api::snapshots::SnapshotState;
use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::Call;
use crate::wire::route::Route;

/// A number of files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// How many.
    #[serde(default, rename = "file_count", deserialize_with = "lenient::count")]
    pub files: u64,
    /// Their size in bytes.
    #[serde(default, rename = "size_in_bytes", deserialize_with = "lenient::count")]
    pub bytes: u64,
}

/// Files of a snapshot, an index in it, or a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// To be copied, being new to the repository. It grows until every shard has started.
    pub incremental: Count,
    /// Of them, copied; a file counts when it is complete.
    pub processed: Count,
    /// In all, those that the repository already had included.
    pub total: Count,
}

/// Shards by what was done with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ShardCounts {
    /// Not started.
    pub initializing: u64,
    /// Being copied.
    pub started: u64,
    /// Copied; their metadata is being written.
    pub finalizing: u64,
    /// Stored.
    pub done: u64,
    /// Not stored.
    pub failed: u64,
    /// All.
    pub total: u64,
}

/// How far a snapshot is.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotProgress {
    /// Its repository.
    pub repository: String,
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// How it stands.
    pub state: SnapshotState,
    /// Its shards.
    pub shards: ShardCounts,
    /// Its files.
    pub files: Files,
    /// Per index.
    pub indices: BTreeMap<String, IndexProgress>,
    /// When it began, in milliseconds since 1970.
    pub start_time_ms: Option<i64>,
    /// How long it has run, in milliseconds.
    pub elapsed_ms: Option<i64>,
}

/// How far an index is.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexProgress {
    /// Its shards.
    pub shards: ShardCounts,
    /// Its files.
    pub files: Files,
    /// Per shard number.
    pub per_shard: BTreeMap<u32, ShardProgress>,
}

/// How far a shard is.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardProgress {
    /// `INIT`, `STARTED`, `FINALIZE`, `DONE` or `FAILURE`.
    pub stage: String,
    /// Its files.
    pub files: Files,
    /// The id of the node that copies it, while it does.
    pub node: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

impl SnapshotProgress {
    /// It runs and the engine cannot say yet how much there is to do: 6.8 and OpenSearch 2.19 first report 0 of 0.
    pub fn is_preparing(&self) -> bool {
        self.state == SnapshotState::InProgress
            && (self.shards.total == 0
                || (self.files.incremental == Count::default() && self.open_shards() > 0))
    }

    /// Every shard has been looked at, so that the incremental total does not grow any more.
    pub fn is_total_final(&self) -> bool {
        !self.is_preparing() && self.shards.initializing == 0
    }

    /// Shards that are neither stored nor failed.
    pub fn open_shards(&self) -> u64 {
        self.shards
            .total
            .saturating_sub(self.shards.done + self.shards.failed)
    }
}

impl Engine {
    /// How far the snapshot of exactly this name is. Of a finished one the engine reads every shard's files.
    pub async fn snapshot_status(
        &self,
        repository: &str,
        name: &str,
    ) -> Result<Option<SnapshotProgress>, Error> {
        let [root, repository, name] = snapshot_path("GET", repository, name)?;
        let route = Route::new(&[root, repository, name, "_status"]);
        let answer = match self.send(Call::get(route).listing()).await {
            Err(error) if error.is_missing_snapshot() => return Ok(None),
            other => other?,
        };
        let mut found = answer.parse::<StatusBody>()?.snapshots;
        match found.pop() {
            Some(status) if found.is_empty() && status.snapshot == name => Ok(Some(status.progress())),
            _ => Err(answer.unexpected("the answer is not about exactly this snapshot")),
        }
    }

    /// The snapshots that run now, in any repository.
    pub async fn snapshots_running(&self) -> Result<Vec<SnapshotProgress>, Error> {
        let answer = self
            .send(Call::get(Route::new(&["_snapshot", "_status"])).listing())
            .await?;
        Ok(answer
            .parse::<StatusBody>()?
            .snapshots
            .into_iter()
            .map(SnapshotBody::progress)
            .collect())
    }
}

#[derive(Deserialize)]
struct StatusBody {
    snapshots: Vec<SnapshotBody>,
}

#[derive(Deserialize)]
struct SnapshotBody {
    snapshot: String,
    #[serde(default)]
    repository: String,
    #[serde(default)]
    uuid: String,
    state: SnapshotState,
    #[serde(default)]
    shards_stats: ShardCounts,
    #[serde(default)]
    stats: StatsBody,
    #[serde(default)]
    indices: BTreeMap<String, IndexBody>,
}

#[derive(Deserialize)]
struct IndexBody {
    #[serde(default)]
    shards_stats: ShardCounts,
    #[serde(default)]
    stats: StatsBody,
    #[serde(default)]
    shards: BTreeMap<u32, ShardBody>,
}

#[derive(Deserialize)]
struct ShardBody {
    #[serde(default)]
    stage: String,
    #[serde(default)]
    stats: StatsBody,
    node: Option<String>,
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatsBody {
    incremental: Count,
    /// Left out when it equals `incremental`.
    processed: Option<Count>,
    total: Count,
    start_time_in_millis: Option<i64>,
    time_in_millis: Option<i64>,
}

impl StatsBody {
    fn files(&self) -> Files {
        Files {
            incremental: self.incremental,
            processed: self.processed.unwrap_or(self.incremental),
            total: self.total,
        }
    }
}

impl SnapshotBody {
    fn progress(self) -> SnapshotProgress {
        SnapshotProgress {
            files: self.stats.files(),
            start_time_ms: self.stats.start_time_in_millis.filter(|ms| *ms > 0),
            elapsed_ms: self.stats.time_in_millis.filter(|ms| *ms >= 0),
            repository: self.repository,
            name: self.snapshot,
            uuid: self.uuid,
            state: self.state,
            shards: self.shards_stats,
            indices: self
                .indices
                .into_iter()
                .map(|(name, index)| (name, index.progress()))
                .collect(),
        }
    }
}

impl IndexBody {
    fn progress(self) -> IndexProgress {
        IndexProgress {
            shards: self.shards_stats,
            files: self.stats.files(),
            per_shard: self
                .shards
                .into_iter()
                .map(|(number, shard)| (number, shard.progress()))
                .collect(),
        }
    }
}

impl ShardBody {
    fn progress(self) -> ShardProgress {
        ShardProgress {
            files: self.stats.files(),
            stage: self.stage,
            node: self.node,
            reason: self.reason,
        }
    }
}
