//! Beneath everything: the only room that speaks SQL.
//!
//! Each method of [`Store`] is one named transaction: it commits whole or not at all, is retried by the store when
//! the database asks for that, and its body is safe to run again. No method calls an engine or waits for one.
//! The suite in `tests/store/` is the definition of this interface; every backend passes all of it.

use crate::model::{
    Answer, Cluster, ClusterId, ClusterSecrets, Event, Failure, Observation, Operation, OperationKind,
    PlatformRepository, Reader, RepositoryName, SnapshotName, Status,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashMap;

pub mod accounts;
pub mod alerts;
pub mod attest;
pub mod audit;
pub mod changes;
pub mod figures;
pub mod fleet;
mod search;
mod sessions;
pub mod sqlite;
pub mod verifications;
pub mod webhooks;

pub use accounts::Accounts;
pub use alerts::Alerts;
pub use attest::Attestations;
pub use audit::AuditLog;
pub use changes::Changes;
pub use figures::Figures;
pub use fleet::Fleet;
pub use search::Search;
pub use sessions::Sessions;
pub use verifications::Verifications;
pub use webhooks::Webhooks;

/// What the store could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer was first, or the row named by its version has changed.
    #[error("{0}")]
    Conflict(Conflict),
    /// The row is not there.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The database cannot be opened or used; says what to do.
    #[error("{0}")]
    Unusable(String),
    /// A bug, a full disk, a damaged file.
    #[error("the store failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a row could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A cluster of that id is attached.
    #[error("a cluster with the id {0} is already attached")]
    ClusterId(ClusterId),
    /// The engine of that uuid is attached as another cluster.
    #[error("this engine is already attached, as cluster {0}")]
    ClusterUuid(ClusterId),
    /// The row's version is not the one that was read.
    #[error("it was changed meanwhile: version {found}, not {expected}")]
    Version {
        /// What the caller had read.
        expected: i64,
        /// What is there.
        found: i64,
    },
    /// Operations that have not ended stand in the way.
    #[error("operation {0} has not ended")]
    OperationRunning(String),
    /// Clusters refer to the repository.
    #[error("cluster {0} refers to it")]
    Referenced(ClusterId),
    /// The user's name is taken.
    #[error("a user of that name, without regard to case, exists")]
    UserExists,
    /// Nothing but the password of a built-in user changes.
    #[error("this user is built in: only its password can be changed")]
    BuiltInUser,
    /// Nobody would be left who may do everything.
    #[error("this is the last enabled user with the role ece_platform_admin: make another one first")]
    LastAdmin,
    /// A key for attestations is in use.
    #[error("a key for attestations is in use already: rotate it to put another in its place")]
    AttestKeyInUse,
    /// The user has a second factor.
    #[error("there is a TOTP device already: remove it first")]
    TotpEnrolled,
}

/// The store's result.
pub type Result<T> = std::result::Result<T, StoreError>;

/// An operation to start.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Made by the caller, sorts by time.
    pub id: String,
    /// What it does.
    pub kind: OperationKind,
    /// The cluster it works on; must be attached.
    pub cluster_id: ClusterId,
    /// Who asked.
    pub requested_by: String,
    /// What is asked. No secrets.
    pub parameters: Value,
    /// The kind's first state.
    pub state: Value,
    /// A take reserves the snapshot's name: its row commits together with the operation.
    pub reserve: Option<NameKey>,
    /// The caller's `Idempotency-Key`, if any.
    pub idempotency: Option<Idempotency>,
    /// Now.
    pub now: Timestamp,
}

/// A snapshot's name within a repository of an engine. Keyed by the engine's uuid, so that it outlives a re-attach.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameKey {
    /// The engine's `cluster_uuid`.
    pub cluster_uuid: String,
    /// The repository's name on the engine.
    pub repository: RepositoryName,
    /// The snapshot's name.
    pub name: SnapshotName,
}

/// A caller's `Idempotency-Key`, in its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The principal and the route, such as `admin POST /clusters/elasticsearch/{id}/_snapshot`.
    pub scope: String,
    /// The header's value.
    pub key: String,
    /// A keyed MAC of the parsed body.
    pub body_mac: [u8; 32],
    /// Forgotten after this.
    pub expires_at: Timestamp,
}

/// What came of starting an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Started {
    /// Committed: it will be carried out.
    New(Operation),
    /// The same key and body came before: this is the operation that it started.
    Replayed(Operation),
    /// The same key came before with another body.
    KeyReused,
    /// The name is reserved by an operation that has not ended, or burned by one that has.
    NameTaken {
        /// The operation that holds the name.
        operation: String,
        /// It has ended; the name stays burned.
        burned: bool,
    },
}

/// An operation with the lease under which its owner may commit steps.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The operation.
    pub operation: Operation,
    /// The token that every commit must show; another owner gets a greater one.
    pub token: i64,
}

/// One committed step of an operation.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// The new state; unchanged when absent.
    pub state: Option<Value>,
    /// The new status; unchanged when absent. A terminal one releases the lease, sets `finished_at` and burns the
    /// reserved name unless `name` frees it. `Queued` gives the lease and the place back.
    pub status: Option<Status>,
    /// The first answer; the first one committed stays.
    pub answer: Option<Answer>,
    /// Set with a terminal status.
    pub outcome: Option<Value>,
    /// Set with `Failed`.
    pub failure: Option<Failure>,
    /// Gives the lease back and wakes not before this; at once when somebody asked to cancel since the lease was given.
    pub wait_until: Option<Timestamp>,
    /// The number of attempts of the present step; unchanged when absent.
    pub attempts: Option<u32>,
    /// Appended to the log, in order: kind and message.
    pub events: Vec<(&'static str, String)>,
    /// What becomes of the reserved snapshot name. An operation that ends without a word about it burns it: a name
    /// that nobody vouches for may exist on the engine.
    pub name: Option<NameFate>,
}

/// What becomes of a snapshot's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFate {
    /// The engine refused it before it existed: free for others. Ignored once burned.
    Free,
    /// It existed or may have existed: never again.
    Burned,
}

/// Which operations a list shows; all when empty. Newest first.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// Of this cluster.
    pub cluster_id: Option<ClusterId>,
    /// Of these kinds.
    pub kinds: Vec<OperationKind>,
    /// In these statuses.
    pub statuses: Vec<Status>,
    /// Older than this operation: the last id of the page before.
    pub before: Option<String>,
    /// At most so many, 1 to 1000.
    pub limit: u32,
}

/// Limits under which operations are leased.
#[derive(Debug, Clone)]
pub struct LeaseLimits {
    /// Leased operations over all clusters and owners.
    pub overall: u32,
    /// Running operations of one cluster.
    pub per_cluster: u32,
    /// Clusters with a limit of their own (engines that take one snapshot at a time).
    pub exceptions: HashMap<ClusterId, u32>,
    /// Verifications carried at once, beside the operations that work on engines.
    pub verifications: u32,
}

/// A page of clusters, in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct ClusterPage {
    /// Clusters to skip.
    pub from: u64,
    /// At most so many; all when absent.
    pub size: Option<u64>,
    /// Only those whose id or name contains this, without regard to case.
    pub contains: Option<String>,
}

/// The product's durable state.
#[async_trait]
pub trait Store:
    Accounts
    + Alerts
    + Attestations
    + AuditLog
    + Changes
    + Figures
    + Fleet
    + Search
    + Sessions
    + Verifications
    + Webhooks
    + Send
    + Sync
    + std::fmt::Debug
{
    // --- clusters

    /// Attaches, as version 1 whatever the given one says. `Conflict::ClusterId` or `Conflict::ClusterUuid` when it already is.
    async fn attach_cluster(&self, cluster: &Cluster, secrets: &ClusterSecrets) -> Result<()>;
    /// One cluster.
    async fn cluster(&self, id: &ClusterId) -> Result<Option<Cluster>>;
    /// One cluster's engine secrets, opened. `NotFound` when it is not attached.
    async fn cluster_secrets(&self, id: &ClusterId) -> Result<ClusterSecrets>;
    /// The user names of these clusters' basic authentication, opened (one query, for a page of a list).
    async fn cluster_usernames(&self, ids: &[ClusterId]) -> Result<HashMap<ClusterId, String>>;
    /// A page and the number of all that match.
    async fn clusters(&self, page: &ClusterPage) -> Result<(Vec<Cluster>, u64)>;
    /// Replaces the row whose `version` is the given cluster's, and counts it up. Secrets and `created_at` stay, the
    /// former when absent. `Conflict::Version`, `Conflict::ClusterUuid`, `NotFound`.
    async fn update_cluster(&self, cluster: &Cluster, secrets: Option<&ClusterSecrets>) -> Result<Cluster>;
    /// Forgets the cluster, its secrets and its observation. `Conflict::OperationRunning` while one runs. Ended
    /// operations and burned names stay, and so do deliveries, which are only about it. `NotFound` when it is not attached.
    async fn detach_cluster(&self, id: &ClusterId) -> Result<()>;
    /// Keeps the last look, and its standing for [`fleet::Fleet`]: one that began (`at`) before the one that is kept changes nothing. `NotFound` when the cluster is not attached (any more).
    async fn put_observation(&self, id: &ClusterId, observation: &Observation) -> Result<()>;
    /// The last look.
    async fn observation(&self, id: &ClusterId) -> Result<Option<Observation>>;
    /// The last looks of these clusters (one query, for a page of a list).
    async fn observations(&self, ids: &[ClusterId]) -> Result<HashMap<ClusterId, Observation>>;

    // --- repositories

    /// Makes or replaces. `expected_version`: `Conflict::Version` unless it is the row's (0: must not exist). `secrets`
    /// is a JSON object of secret settings; the old ones stay when absent. A reader, `created_at` and whether it is the
    /// default are kept: the given `is_default`, `has_reader` and `version` are ignored.
    async fn put_repository(
        &self,
        repository: &PlatformRepository,
        secrets: Option<&secrecy::SecretString>,
        expected_version: Option<i64>,
    ) -> Result<PlatformRepository>;
    /// One repository.
    async fn repository(&self, name: &RepositoryName) -> Result<Option<PlatformRepository>>;
    /// The JSON object of its secret settings, opened; `None` when it has none or is not there.
    async fn repository_secrets(&self, name: &RepositoryName) -> Result<Option<secrecy::SecretString>>;
    /// All repositories, by name.
    async fn repositories(&self) -> Result<Vec<PlatformRepository>>;
    /// Forgets it. `Conflict::Referenced` when a cluster names it, unless `cleanup`, which unsets those references and
    /// counts those clusters' versions up. `NotFound`.
    async fn delete_repository(&self, name: &RepositoryName, cleanup: bool) -> Result<()>;
    /// Makes it the platform's default, and no other; `None` unsets. `NotFound` leaves the default as it was.
    async fn set_default_repository(&self, name: Option<&RepositoryName>) -> Result<()>;
    /// Sets or removes the reader. `NotFound` when there is no such repository.
    async fn put_reader(&self, name: &RepositoryName, reader: Option<&Reader>) -> Result<()>;
    /// The reader, opened; `None` when there is none.
    async fn reader(&self, name: &RepositoryName) -> Result<Option<Reader>>;

    // --- operations

    /// Starts one: the operation, its first event, its reserved name and its idempotency key commit together.
    /// The key is looked at first (an expired one is forgotten), then the cluster (`NotFound` when it is not attached),
    /// then the name. It is due at once.
    async fn start_operation(&self, new: &NewOperation) -> Result<Started>;
    /// [`Store::start_operation`] and then [`Store::lease`] in one commit: whoever starts an operation carries it at once
    /// when the limits allow that. Leases nothing unless it is new.
    async fn start_leased(
        &self,
        new: &NewOperation,
        owner: &str,
        limits: &LeaseLimits,
        until: Timestamp,
    ) -> Result<(Started, Vec<Leased>)>;
    /// One operation.
    async fn operation(&self, id: &str) -> Result<Option<Operation>>;
    /// A page, newest first.
    async fn operations(&self, filter: &OperationFilter) -> Result<Vec<Operation>>;
    /// How many queued operations are older than each of these, over all clusters, of those that wait for the same places;
    /// those that are not queued are absent (one query, for a page of a list).
    async fn queue_positions(&self, ids: &[&str]) -> Result<HashMap<String, u64>>;
    /// Events after a sequence number, at most `limit`.
    async fn events(&self, operation: &str, after: i64, limit: u32) -> Result<Vec<Event>>;
    /// Marks it, with an event the first time, and wakes it now; `false` when it has ended. `NotFound`.
    async fn request_cancel(&self, id: &str, now: Timestamp) -> Result<bool>;
    /// Leases due operations without a live lease. Running ones come first, since they hold a place of their cluster
    /// even while they wait; then queued ones, oldest first, which become `Running` with an event as long as their
    /// cluster has a place. A queued one that was asked to stop needs no place of its cluster: it only has to end, and
    /// its owner must send nothing. Never more than `overall` live leases at once. Deliveries to webhooks and verifications
    /// are beside all of these limits and have their own: [`webhooks::DELIVERIES`], [`LeaseLimits::verifications`].
    async fn lease(
        &self,
        owner: &str,
        limits: &LeaseLimits,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Leased>>;
    /// Extends every lease of this owner that was not given back or taken by another; never shortens one.
    async fn renew_leases(&self, owner: &str, until: Timestamp) -> Result<()>;
    /// Frees every lease at once: for the instance that the store's lock proves to be alone.
    async fn take_over(&self) -> Result<u64>;
    /// Gives back every lease of this owner, at a graceful stop.
    async fn release_leases(&self, owner: &str) -> Result<()>;
    /// Commits a step with its events, if the lease is still ours: `false` when it is not, and nothing changed. A lease
    /// that ran out is ours as long as nobody else was given one.
    async fn commit_step(&self, id: &str, token: i64, step: &Step, now: Timestamp) -> Result<bool>;
    /// When the next unleased operation is due; `None` when none waits. In the past while limits hold one back.
    async fn next_due(&self) -> Result<Option<Timestamp>>;
    /// Counts by status, for limits and metrics; every status is there.
    async fn operation_counts(&self) -> Result<HashMap<Status, u64>>;
    /// Burned or reserved names of one repository on one engine, with their operation: for the sweep.
    async fn names(
        &self,
        cluster_uuid: &str,
        repository: &RepositoryName,
    ) -> Result<HashMap<SnapshotName, String>>;

    // --- the store itself

    /// A round trip to the database.
    async fn ping(&self) -> Result<()>;
    /// Writes what is pending and closes. Every later call fails; closing again does nothing.
    async fn close(&self);
}
