//! Taking a snapshot: what is asked, the states it goes through, and what comes out.

use super::{RepositoryName, SnapshotName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is asked of a take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeParameters {
    /// The snapshot's name, chosen before anything is sent.
    pub name: SnapshotName,
    /// The repository's name on the engine.
    pub repository: RepositoryName,
    /// The platform repository it comes from; absent when only the engine knows the name.
    pub platform_repository: Option<RepositoryName>,
}

/// The states of a take, in order. Persisted: a change of meaning needs a new `version` in [`super::take`]'s envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum TakeState {
    /// Nothing sent. Looks at the registration, the name, the indices.
    Preparing,
    /// The registration is missing and the intent to create it is committed.
    Registering,
    /// Registered; the engine is asked to verify it.
    Verifying,
    /// The intent to create the snapshot is committed; the request may have been sent `sent` times.
    Creating(Intent),
    /// The engine accepted it, or it was seen.
    Watching(Intent),
    /// Somebody cancelled: the intent to abort it is committed.
    Cancelling(Intent),
}

/// What identifies the snapshot of this operation on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Requests that may have reached the engine.
    pub sent: u32,
    /// The first intent's time: a snapshot of this name that began earlier is somebody else's.
    pub at: Timestamp,
    /// The indices that the request resolved to, listed right before.
    pub indices: Vec<String>,
    /// The snapshot's uuid, once seen.
    pub uuid: Option<String>,
}

impl Intent {
    /// The intent with the uuid of the snapshot that it led to.
    pub fn seen(self, uuid: String) -> Self {
        Self {
            uuid: Some(uuid),
            ..self
        }
    }
}

/// What came out of a take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakeOutcome {
    /// The snapshot's name.
    pub name: String,
    /// The repository's name on the engine.
    pub repository: String,
    /// The snapshot's uuid on the engine.
    pub uuid: Option<String>,
    /// The engine's word: SUCCESS, PARTIAL, FAILED; absent when it vanished.
    pub state: Option<String>,
    /// Checked and good: SUCCESS, no failed shard, holds what was asked for, not empty.
    pub good: bool,
    /// The indices in it.
    pub indices: Vec<String>,
    /// Shards in all.
    pub shards_total: u32,
    /// Shards that failed.
    pub shards_failed: u32,
    /// The engine's own times.
    #[schema(value_type = Option<String>)]
    pub start_time: Option<Timestamp>,
    /// The engine's own times.
    #[schema(value_type = Option<String>)]
    pub end_time: Option<Timestamp>,
    /// Why it is not good, or what was noticed (an index made while it ran).
    pub notes: Vec<String>,
}
