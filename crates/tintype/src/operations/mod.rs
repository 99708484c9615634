//! Durable work that survives a crash: one file per kind, one driver, one lease.

use crate::clock::{Clock, to_millis};
use crate::config::Config;
use crate::error::{Error, Missing, Result};
use crate::metrics::Metrics;
use crate::model::{
    AccessLevel, Answer, Cluster, ClusterId, Operation, OperationKind, Progress, RepositoryName, SnapshotName,
};
use crate::store::{Idempotency, NewOperation, Started, Store, audit};
use jiff::Timestamp;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub mod clusters;
pub mod doctor;
pub mod engines;
pub mod platform;
pub mod pulse;
pub mod reads;
pub mod roles;
pub mod runbook;
pub mod verify;
pub mod webhooks;
pub mod writers;

mod attest;
mod credentials;
mod delete;
mod driver;
mod failpoint;
mod inventory;
mod job;
mod live;
mod location;
mod looks;
mod observe;
mod progress;
mod proofs;
mod reader;
mod register;
mod registration;
pub mod repositories;
mod restore;
mod retry;
mod step;
mod strays;
mod take;
mod tally;

use engines::Engines;
use inventory::Depth;
use live::Live;
use pulse::Pulse;

/// While a caller waits for an answer, the row is read this often: another replica may carry the operation.
const READ_ANSWER: Duration = Duration::from_secs(1);

/// Starts, follows and cancels operations.
#[derive(Debug, Clone)]
pub struct Operations(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    engines: Engines,
    live: Live,
    owner: String,
    metrics: Arc<Metrics>,
    pulse: Pulse,
    post: webhooks::Post,
}

/// The storage's credentials that came with a request: checked, then forgotten.
#[derive(Debug, Clone, Default)]
pub struct StorageCredentials {
    /// s3: access key; azure: account; gcs: client e-mail.
    pub username: Option<String>,
    /// s3: secret key; azure: account key; gcs: private key.
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

/// What a caller asks of a delete.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    /// On this cluster.
    pub cluster: Cluster,
    /// Who asks.
    pub requested_by: String,
    /// The platform's or the engine's name of the repository.
    pub repository: RepositoryName,
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// Only if it has this uuid.
    pub uuid: Option<String>,
}

impl Operations {
    /// The operations of one instance.
    pub fn new(
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        engines: Engines,
        metrics: Arc<Metrics>,
    ) -> Self {
        let post = webhooks::Post::new(&config.webhooks);
        let owner = crate::ids::time_ordered(clock.now());
        Self(Arc::new(Inner {
            config,
            clock,
            store,
            engines,
            live: Live::default(),
            owner,
            metrics,
            pulse: Pulse::default(),
            post,
        }))
    }

    /// Asks an operation to stop. What comes of it is seen in the operation.
    ///
    /// # Errors
    /// `NotFound`; `Precondition` when it has ended or cannot be stopped; `Forbidden` when the level does not allow it.
    pub async fn cancel(&self, id: &str, requested_by: &str) -> Result<Operation> {
        let operation = self.operation(id).await?;
        if operation.status.is_terminal() {
            let message = format!("operation {id} has ended: {}", operation.status.as_str());
            return Err(Error::Precondition(message));
        }
        let step = operation
            .state
            .pointer("/state/step")
            .and_then(serde_json::Value::as_str);
        // A take that waits for its turn may be answered already, and nothing of it was sent.
        let sent = step != Some("preparing");
        // A receiver may hear of it once more, and a look is only a look: nothing is undone by leaving them.
        let sent = sent && operation.kind.works_on_engine();
        if sent && operation.kind != OperationKind::TakeSnapshot {
            let message = match operation.kind {
                OperationKind::RestoreSnapshot => {
                    "the engine has accepted the restore, and engines have no way to stop one but to delete the indices \
                     that it makes, which is yours to decide"
                }
                _ => "the engine was asked already; this ends by itself in a moment",
            };
            return Err(Error::Precondition(message.to_owned()));
        }
        if sent {
            self.may_abort(&operation).await?;
        }
        tracing::info!(operation = id, by = requested_by, "asked to cancel");
        audit::detail(format!(
            "{} on cluster {}",
            operation.kind.as_str(),
            operation.cluster_id
        ));
        if !self.store().request_cancel(id, self.now()).await? {
            return Err(Error::Precondition(format!("operation {id} has just ended")));
        }
        self.live().cancel(id);
        self.live().wake();
        self.operation(id).await
    }

    /// Aborting a running snapshot deletes it on the engine: the level must allow that, and nobody else may write to
    /// the location, since a delete rewrites the repository's root.
    async fn may_abort(&self, operation: &Operation) -> Result<()> {
        let Some(cluster) = self.store().cluster(&operation.cluster_id).await? else {
            return Ok(());
        };
        if let Err(failure) = cluster.allows(AccessLevel::Operate, "aborting a running snapshot") {
            return Err(Error::Forbidden(failure.message));
        }
        let repository = operation
            .parameters
            .get("repository")
            .and_then(serde_json::Value::as_str);
        match repository.and_then(|repository| self.several_writers(&cluster.id, repository)) {
            None => Ok(()),
            Some(writers) => Err(Error::Precondition(format!(
                "{writers}, and a delete there could destroy another cluster's snapshots. The snapshot goes on"
            ))),
        }
    }

    /// One operation.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn operation(&self, id: &str) -> Result<Operation> {
        let found = self.store().operation(id).await?;
        found.ok_or_else(|| Error::missing(Missing::Operation, "there is no such operation"))
    }

    /// How far a running operation is, as this instance last saw it.
    pub fn progress(&self, id: &str) -> Option<Progress> {
        self.live().progress(id)
    }

    /// Starts an operation and waits for its first answer: the operation, unless that was a refusal.
    async fn begin_answered(&self, new: &NewOperation) -> Result<Operation> {
        let mut waiter = self.live().expect_answer(&new.id);
        let first = match self.begin(new).await? {
            Started::New(_) => self.first_answer(&new.id, &mut waiter).await?,
            _ => None,
        };
        match first {
            Some(Answer::Refused(failure)) => Err(failure.into()),
            _ => self.operation(&new.id).await,
        }
    }

    /// Waits for the first answer, at most as long as configured. `None`: the bound passed, and the intent is durable.
    async fn first_answer(&self, id: &str, waiter: &mut live::Waiter<'_>) -> Result<Option<Answer>> {
        let bound = tokio::time::sleep(Duration::from_secs(self.config().operations.answer_wait_seconds));
        tokio::pin!(bound);
        loop {
            if let Some(answer) = waiter.known() {
                return Ok(Some(answer));
            }
            tokio::select! {
                () = &mut bound => return Ok(None),
                () = waiter.changed() => {}
                () = tokio::time::sleep(READ_ANSWER) => {
                    let operation = self.operation(id).await?;
                    if operation.answer.is_some() || operation.status.is_terminal() {
                        return Ok(operation.answer);
                    }
                }
            }
        }
    }

    /// Looks at what is due of a cluster now, and keeps what was seen.
    pub async fn refresh(&self, id: &ClusterId) {
        observe::refresh(self, id, Depth::Due).await;
    }

    /// Looks at what is due of a cluster, in the background.
    fn refresh_soon(&self, id: &ClusterId) {
        self.look_soon(id, Depth::Due);
    }

    /// Looks at everything of a cluster, in the background.
    fn inventory_soon(&self, id: &ClusterId) {
        self.look_soon(id, Depth::Whole);
    }

    fn look_soon(&self, id: &ClusterId, depth: Depth) {
        let (operations, id) = (self.clone(), id.clone());
        tokio::spawn(async move { observe::refresh(&operations, &id, depth).await });
    }

    fn now(&self) -> Timestamp {
        to_millis(self.0.clock.now())
    }

    fn config(&self) -> &Config {
        &self.0.config
    }

    fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    fn engines(&self) -> &Engines {
        &self.0.engines
    }

    fn live(&self) -> &Live {
        &self.0.live
    }

    /// What is counted.
    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// When each part was last alive.
    pub fn pulse(&self) -> &Pulse {
        &self.0.pulse
    }

    fn post(&self) -> &webhooks::Post {
        &self.0.post
    }

    fn owner(&self) -> &str {
        &self.0.owner
    }
}
