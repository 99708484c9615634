//! An operation: durable work that changes an engine or a repository, and survives a crash.

use super::ClusterId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Takes one snapshot.
    TakeSnapshot,
    /// Creates a missing registration on an engine.
    RegisterRepository,
    /// Restores indices of a snapshot under names that do not exist yet.
    RestoreSnapshot,
    /// Deletes one snapshot that Tintype made.
    DeleteSnapshot,
    /// Tells a webhook's receiver. It is about a cluster but works on none, and takes no place from those that do.
    DeliverWebhook,
    /// Reads the storage under a platform repository, and says what of one cluster's snapshots can be restored. It asks no
    /// engine, and takes no place from operations that do.
    VerifyRepository,
}

impl OperationKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 6] = [
        Self::TakeSnapshot,
        Self::RegisterRepository,
        Self::RestoreSnapshot,
        Self::DeleteSnapshot,
        Self::DeliverWebhook,
        Self::VerifyRepository,
    ];

    /// It works on the cluster's engine: it takes one of the engine's places, and what the engine holds may have changed
    /// when it ends.
    pub fn works_on_engine(self) -> bool {
        !matches!(self, Self::DeliverWebhook | Self::VerifyRepository)
    }

    /// The word used on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TakeSnapshot => "take_snapshot",
            Self::RegisterRepository => "register_repository",
            Self::RestoreSnapshot => "restore_snapshot",
            Self::DeleteSnapshot => "delete_snapshot",
            Self::DeliverWebhook => "deliver_webhook",
            Self::VerifyRepository => "verify_repository",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where an operation stands, for everybody; its steps are its kind's own affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a place.
    Queued,
    /// A step is due or being done.
    Running,
    /// Ended: done, and read back.
    Succeeded,
    /// Ended: failed, and `failure` says how.
    Failed,
    /// Ended: cancelled before it was done.
    Cancelled,
}

impl Status {
    /// Every status, for tables and tests.
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word used on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// No step will ever follow.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// Why an operation failed, by what a client can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The storage refused the credentials.
    InvalidCredentials,
    /// Neither the platform nor the engine knows the repository, or it cannot be registered.
    RepositoryNotFound,
    /// The engine has another storage registered under that name, or two writers would share a location.
    RepositoryConflict,
    /// The snapshot's name is taken or burned.
    NameConflict,
    /// The snapshot to restore or to delete is not there, or not restorable.
    SnapshotNotFound,
    /// A target index exists.
    IndexConflict,
    /// The snapshot to delete is not one that this Tintype made, or not the one that it made.
    NotOurs,
    /// The snapshot to delete is being taken, restored from or mounted, or its location is not ours alone.
    InUse,
    /// The access level does not allow it.
    AccessLevel,
    /// Another cluster answers at the address.
    UuidMismatch,
    /// The engine refused, in its own words.
    EngineRefused,
    /// The engine could not be reached before the time was over.
    EngineUnreachable,
    /// The answer was lost, and what the engine shows does not tell what happened.
    OutcomeUnknown,
    /// It was accepted or seen and is gone.
    Vanished,
    /// The engine finished it without success.
    EngineFailed,
    /// The engine says SUCCESS, but it does not hold what was asked for.
    Incomplete,
    /// Nothing was in it.
    Empty,
    /// A webhook's receiver did not accept a delivery.
    NotDelivered,
    /// The storage under a repository could not be read.
    StorageUnreadable,
    /// A bug in Tintype, or its store: nothing the caller did.
    Internal,
}

/// How an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// By what a client can do.
    pub kind: FailureKind,
    /// For the client: what, where, and what would be right; engine's words included, no secrets.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// The engine's first answer, for which the request that started the operation may wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The engine accepted the command (or queues it: Elasticsearch 6.8 while another runs).
    Accepted,
    /// It was refused: by the engine, or by a look before anything was sent.
    Refused(Failure),
}

/// An operation as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Sorts by the time of its start.
    pub id: String,
    /// What it does.
    pub kind: OperationKind,
    /// The cluster it works on.
    pub cluster_id: ClusterId,
    /// Who asked: a user's name.
    pub requested_by: String,
    /// What was asked, as its kind defines it. Never a secret.
    pub parameters: Value,
    /// Where it stands.
    pub status: Status,
    /// Its kind's state, with a version: see each kind.
    pub state: Value,
    /// The engine's first answer, once known.
    pub answer: Option<Answer>,
    /// What came out, as its kind defines it; set with a terminal status.
    pub outcome: Option<Value>,
    /// Set when `status` is failed.
    pub failure: Option<Failure>,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Attempts of the present step.
    pub attempts: u32,
    /// Not before this.
    pub due_at: Timestamp,
    /// Started at.
    pub created_at: Timestamp,
    /// The last committed step.
    pub updated_at: Timestamp,
    /// Ended at.
    pub finished_at: Option<Timestamp>,
}

/// One line of an operation's append-only log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts within the operation, from 1.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// A stable word, such as `intent`, `accepted`, `vanished`.
    pub kind: String,
    /// For people; engine's words included, no secrets.
    pub message: String,
}
