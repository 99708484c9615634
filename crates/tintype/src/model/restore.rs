//! Restoring indices of a snapshot on the same cluster, under names that do not exist yet.

use super::{RepositoryName, SnapshotName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked of a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreParameters {
    /// The repository's name on the engine.
    pub repository: RepositoryName,
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// The snapshot's uuid when the restore was asked for: a snapshot of that name with another uuid is refused.
    pub uuid: Option<String>,
    /// Index in the snapshot → index to make. Never empty.
    pub indices: BTreeMap<String, String>,
    /// Restore the aliases too.
    pub include_aliases: bool,
}

/// The states of a restore, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum RestoreState {
    /// Nothing sent. Looks at the snapshot and at the target names.
    Preparing,
    /// The intent is committed; the request may have been sent `sent` times.
    Restoring {
        /// Requests that may have reached the engine.
        sent: u32,
    },
    /// The engine accepted it, or the targets were seen recovering from the snapshot.
    Watching,
}

/// What came out of a restore.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RestoreOutcome {
    /// Index in the snapshot → index made.
    pub indices: BTreeMap<String, String>,
    /// Primary shards restored.
    pub shards_done: u32,
    /// Primary shards in all.
    pub shards_total: u32,
    /// Bytes restored.
    pub bytes: u64,
    /// What was noticed.
    pub notes: Vec<String>,
}
