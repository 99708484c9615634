//! Deleting a snapshot that Tintype made, by its exact name and uuid.

use super::{RepositoryName, SnapshotName};
use serde::{Deserialize, Serialize};

/// What is asked of a delete, and the proof that the snapshot is Tintype's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteParameters {
    /// The repository's name on the engine.
    pub repository: RepositoryName,
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// The uuid that the operation which made it recorded: another snapshot of this name is left alone.
    pub uuid: String,
    /// The operation that made it.
    pub made_by: String,
}

/// The states of a delete, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum DeleteState {
    /// Nothing sent. Looks whether the snapshot may be deleted.
    Preparing,
    /// The intent is committed; the request may have been sent.
    Deleting(Intent),
}

/// What is about to be deleted, and where it was when that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Requests that may have reached the engine.
    pub sent: u32,
    /// Where the registration pointed: that a snapshot is missing elsewhere says nothing.
    pub registration: String,
    /// The engine's words to a request that it did not carry out as asked.
    pub words: Option<String>,
}

/// What came out of a delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeleteOutcome {
    /// The repository's name on the engine.
    pub repository: String,
    /// The snapshot's name; it is never used again.
    pub name: String,
    /// The uuid of the snapshot that is gone.
    pub uuid: String,
    /// What was noticed, such as the engine's words to a request that failed on the way.
    pub notes: Vec<String>,
}
