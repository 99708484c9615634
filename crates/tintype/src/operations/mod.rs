//! Durable work that survives a crash: one file per kind, one driver, one lease.

use crate::error::Result;
use crate::model::{Cluster, Operation, Progress, RepositoryName, SnapshotName};
use crate::store::Idempotency;
use secrecy::SecretString;
use std::collections::BTreeMap;

pub mod clusters;
pub mod engines;
pub mod platform;
pub mod reads;

/// Starts, follows and cancels operations.
#[derive(Debug, Clone)]
pub struct Operations {}

/// The storage's credentials that came with a request: checked, then forgotten.
#[derive(Debug, Clone, Default)]
pub struct StorageCredentials {
    /// S3: the access key.
    pub username: Option<String>,
    /// S3: the secret key.
    pub password: Option<SecretString>,
}

/// What a caller asks of a take; everything absent means a default.
#[derive(Debug, Clone)]
pub struct TakeRequest {
    /// Of this cluster.
    pub cluster: Cluster,
    /// Who asks.
    pub requested_by: String,
    /// The snapshot's name.
    pub name: Option<SnapshotName>,
    /// The platform's or the engine's name of the repository.
    pub repository: Option<RepositoryName>,
    /// Each overrides the reader's own.
    pub credentials: Option<StorageCredentials>,
    /// The caller's `Idempotency-Key`.
    pub idempotency: Option<Idempotency>,
}

/// A take whose create command was issued, or whose intent is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The operation's id.
    pub operation: String,
    /// The snapshot's name.
    pub name: SnapshotName,
}

/// What a caller asks of a restore.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    /// On this cluster, from one of its own snapshots.
    pub cluster: Cluster,
    /// Who asks.
    pub requested_by: String,
    /// The platform's or the engine's name of the repository.
    pub repository: RepositoryName,
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// Names or wildcards; empty means all.
    pub indices: Vec<String>,
    /// Put before each name that `rename` does not have.
    pub rename_prefix: String,
    /// Put behind each name that `rename` does not have.
    pub rename_suffix: String,
    /// Exact names.
    pub rename: BTreeMap<String, String>,
    /// Restore the aliases too.
    pub include_aliases: bool,
}

impl Operations {
    /// Starts a take and waits, within bounds, for the engine's first answer.
    pub async fn take(&self, _request: TakeRequest) -> Result<Taken> {
        todo!()
    }

    /// Starts a restore and waits, within bounds, for the engine's first answer.
    pub async fn restore(&self, _request: RestoreRequest) -> Result<Operation> {
        todo!()
    }

    /// Starts the registration of a platform repository on a cluster's engine.
    pub async fn register(&self, _cluster: &Cluster, _repository: &RepositoryName, _by: &str) -> Result<Operation> {
        todo!()
    }

    /// Asks an operation to stop. What comes of it is seen in the operation.
    pub async fn cancel(&self, _id: &str, _requested_by: &str) -> Result<Operation> {
        todo!()
    }

    /// How far a running operation is, as this instance last saw it.
    pub fn progress(&self, _id: &str) -> Option<Progress> {
        todo!()
    }
}
