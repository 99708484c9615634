//! The fake cluster's state.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{Dialect, Policy};

/// How running work moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Done at this look; each look before shows a part of it done. 0 is done at once.
    Looks(u32),
    /// Only by `finish_snapshot` or `finish_restores`.
    OnCommand,
}

/// Work in progress: looked at so often, done when the looks are used up.
#[derive(Debug, Clone)]
pub(super) struct Work {
    plan: Progress,
    pub looks: u32,
    pub done: bool,
}

impl Work {
    pub fn new(plan: Progress) -> Self {
        Self {
            plan,
            looks: 0,
            done: plan == Progress::Looks(0),
        }
    }

    pub fn look(&mut self) {
        self.looks += 1;
        if let Progress::Looks(total) = self.plan {
            self.done = self.done || self.looks >= total;
        }
    }

    pub fn finish(&mut self) {
        self.done = true;
    }

    /// How many of `files` are complete; work on command stands still at half.
    pub fn files_done(&self, files: u64) -> u64 {
        match self.plan {
            _ if self.done => files,
            Progress::Looks(total) => files * u64::from(self.looks) / u64::from(total.max(1)),
            Progress::OnCommand => files * u64::from(self.looks.min(1)) / 2,
        }
    }
}

/// An index of the fake cluster.
#[derive(Debug, Clone)]
pub struct Index {
    /// Primary shards.
    pub shards: u32,
    /// Documents.
    pub docs: u64,
    /// Files of each shard.
    pub files: u64,
    /// Size of each file in bytes.
    pub file_bytes: u64,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether a primary shard is missing.
    pub red: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            shards: 1,
            docs: 100,
            files: 5,
            file_bytes: 1_000,
            closed: false,
            red: false,
        }
    }
}

/// Where a restored index came from.
#[derive(Debug, Clone)]
pub(super) struct Recovery {
    pub progress: Work,
    pub repository: String,
    pub snapshot: String,
    pub index: String,
}

/// A snapshot's state, as the engines name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotState {
    /// Running.
    InProgress,
    /// Finished, every shard in it.
    Success,
    /// Finished, some shards missing.
    Partial,
    /// Finished, useless.
    Failed,
}

impl SnapshotState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Success => "SUCCESS",
            Self::Partial => "PARTIAL",
            Self::Failed => "FAILED",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub name: String,
    pub uuid: String,
    pub state: SnapshotState,
    pub indices: BTreeMap<String, Index>,
    pub global_state: bool,
    pub metadata: Value,
    pub started: u64,
    pub ended: u64,
    pub work: Work,
    /// What becomes of it when the work is done; `None`: it vanishes, as on a full or read-only location.
    pub outcome: Option<SnapshotState>,
}

impl Snapshot {
    pub fn running(&self) -> bool {
        self.state == SnapshotState::InProgress
    }

    pub fn finish(&mut self, state: SnapshotState) {
        self.state = state;
        self.work.finish();
        self.ended = now_ms().max(self.started + 1);
    }

    pub fn shards(&self) -> u32 {
        self.indices.values().map(|index| index.shards).sum()
    }

    pub fn failed_shards(&self) -> u32 {
        match self.state {
            SnapshotState::Partial => 1.min(self.shards()),
            SnapshotState::Failed => self.shards(),
            SnapshotState::InProgress | SnapshotState::Success => 0,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Repository {
    pub kind: String,
    pub settings: Value,
    pub uuid: String,
}

impl Repository {
    pub fn registration(&self) -> Value {
        json!({"type": self.kind, "settings": self.settings})
    }

    /// What tells one storage from another.
    pub fn location(&self) -> String {
        let text = |key: &str| {
            self.settings[key]
                .as_str()
                .unwrap_or_default()
                .trim_matches('/')
                .to_owned()
        };
        match self.kind.as_str() {
            "fs" => self.settings["location"].as_str().unwrap_or_default().to_owned(),
            _ => format!("{}/{}", text("bucket"), text("base_path")),
        }
    }

    pub fn readonly(&self) -> bool {
        self.settings["readonly"] == "true"
    }
}

#[derive(Debug)]
pub(super) struct Cluster {
    pub dialect: Dialect,
    pub uuid: String,
    pub has_root: bool,
    pub authorization: Option<String>,
    pub indices: BTreeMap<String, Index>,
    /// By restored index.
    pub recoveries: BTreeMap<String, Recovery>,
    pub repositories: BTreeMap<String, Repository>,
    /// By location: registering another one makes the old snapshots vanish from the listing, not from the storage.
    pub storage: BTreeMap<String, Vec<Snapshot>>,
    pub broken: BTreeSet<String>,
    pub progress: Progress,
    /// `None`: the module for them is not installed.
    pub policies: Option<Vec<Policy>>,
    /// How far its clock is ahead, in milliseconds.
    pub ahead: i64,
    pub denied: BTreeSet<String>,
}

impl Cluster {
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            uuid: new_uuid(),
            has_root: true,
            authorization: None,
            indices: BTreeMap::new(),
            recoveries: BTreeMap::new(),
            repositories: BTreeMap::new(),
            storage: BTreeMap::new(),
            broken: BTreeSet::new(),
            progress: Progress::Looks(2),
            policies: None,
            ahead: 0,
            denied: BTreeSet::new(),
        }
    }

    /// The snapshots under a repository's location; none for an unknown repository.
    pub fn stored(&mut self, repository: &str) -> &mut Vec<Snapshot> {
        let location = self
            .repositories
            .get(repository)
            .map(Repository::location)
            .unwrap_or_default();
        self.storage.entry(location).or_default()
    }

    pub fn any_running(&self) -> bool {
        self.storage.values().flatten().any(Snapshot::running)
    }
}

pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// 22 characters like an engine's base64 uuid, unique in this process.
pub(super) fn new_uuid() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "fake{:04x}_{:013}",
        std::process::id() & 0xffff,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}
