//! Durable work that survives a crash: one file per kind, one driver, one lease.

use crate::clock::{Clock, to_millis};
use crate::config::Config;
use crate::error::{Error, Missing, Result};
use crate::model::{
    AccessLevel, Answer, Cluster, Operation, OperationKind, Progress, RepositoryName, SnapshotName,
};
use crate::store::{Idempotency, Store, audit};
use jiff::Timestamp;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub mod clusters;
pub mod engines;
pub mod platform;
pub mod reads;
pub mod writers;

mod credentials;
mod driver;
mod failpoint;
mod live;
mod location;
mod looks;
mod observe;
mod progress;
mod register;
mod registration;
mod repositories;
mod restore;
mod retry;
mod step;
mod take;

use engines::Engines;
use live::Live;

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
}

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
    /// The operations of one instance.
    pub fn new(config: Arc<Config>, clock: Arc<dyn Clock>, store: Arc<dyn Store>, engines: Engines) -> Self {
        let owner = crate::ids::time_ordered(clock.now());
        Self(Arc::new(Inner {
            config,
            clock,
            store,
            engines,
            live: Live::default(),
            owner,
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
        let shared = self.shared_locations(&cluster.id).into_iter().find(|one| {
            one.writers.iter().any(|writer| {
                writer.cluster_id == cluster.id.as_str() && Some(writer.registration.as_str()) == repository
            })
        });
        match shared {
            None => Ok(()),
            Some(shared) => Err(Error::Precondition(format!(
                "{} has several writers ({}), and a delete there could destroy another cluster's snapshots. The snapshot \
                 goes on",
                shared.location,
                shared
                    .writers
                    .iter()
                    .map(|one| format!("{}/{}", one.cluster_id, one.registration))
                    .collect::<Vec<_>>()
                    .join(", ")
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

    /// Looks at a cluster now and keeps what was seen.
    pub async fn refresh(&self, id: &crate::model::ClusterId) {
        observe::refresh(self, id).await;
    }

    /// Looks at a cluster in the background.
    fn refresh_soon(&self, id: &crate::model::ClusterId) {
        let (operations, id) = (self.clone(), id.clone());
        tokio::spawn(async move { operations.refresh(&id).await });
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

    fn owner(&self) -> &str {
        &self.0.owner
    }
}

/// The cluster of a leased operation and its engine's client.
async fn engine_of(
    context: &step::Context,
) -> std::result::Result<
    std::result::Result<(Cluster, tintype_engine::Engine), crate::model::Failure>,
    step::Stop,
> {
    let operations = &context.operations;
    let Some(cluster) = operations.store().cluster(&context.operation.cluster_id).await? else {
        let message = format!(
            "cluster {} is not attached any more",
            context.operation.cluster_id
        );
        return Ok(Err(crate::model::Failure::new(
            crate::model::FailureKind::Internal,
            message,
        )));
    };
    Ok(operations
        .engines()
        .of(&cluster)
        .await?
        .map(|engine| (cluster, engine)))
}
