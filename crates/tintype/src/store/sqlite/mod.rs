//! SQLite: the embedded store and the default. One file, one writer, no server.
//!
//! Every write goes through one connection, owned by the task in `writer`, which commits those that wait together.
//! Reads have a small pool of their own and see every write that was answered.

mod accounts;
mod alerts;
mod attest;
mod audit;
mod changes;
mod clusters;
mod figures;
mod fleet;
mod leases;
mod ledger;
mod lock;
mod names;
mod open;
mod operations;
mod repositories;
mod rows;
mod search;
mod sessions;
mod signals;
mod steps;
mod totp;
mod verifications;
mod webhooks;
mod writer;

use super::audit::{about, change, detail};
use super::{
    ClusterPage, LeaseLimits, Leased, NewOperation, OperationFilter, Result, Started, Step, Store, StoreError,
};
use crate::model::{
    Cluster, ClusterId, ClusterSecrets, Event, Health, Observation, Operation, PlatformRepository, Reader,
    RepositoryName, SnapshotName, Standing, Status,
};
use crate::secrets::Sealer;
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use signals::Signals;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use writer::Writer;

/// The store in an SQLite file. One process at a time: `{path}.lock` proves it.
#[derive(Debug)]
pub struct SqliteStore {
    sealer: Sealer,
    readers: SqlitePool,
    writer: Writer,
    signals: Arc<Signals>,
}

impl SqliteStore {
    /// Whether [`SqliteStore::open`] would make the database: only then may its key be made.
    pub fn is_new(path: &Path) -> bool {
        std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    /// Opens the database, making it (mode 0600) or bringing its schema up to date when needed.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], saying what to do: used by another process, locked, damaged, not a Tintype database,
    /// made by a newer Tintype, unreadable, or sealed with another key.
    pub async fn open(path: &Path, sealer: Sealer) -> Result<Self> {
        let open::Opened {
            mut writer,
            readers,
            lock,
        } = open::open(path, &sealer).await?;
        let signals = Arc::<Signals>::default();
        signals.listen(&mut writer).await?;
        Ok(Self {
            sealer,
            readers,
            writer: Writer::start(writer, lock, Arc::clone(&signals)),
            signals,
        })
    }

    /// A named change: `body` runs in a transaction, maybe more than once. When a request asks for it, its row in the
    /// audit log commits with it.
    async fn write<A, T, F>(&self, name: &'static str, args: A, body: F) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: writer::Body<A, T>,
    {
        self.writer.run(name, change(), args, body).await
    }

    /// A named write that nobody asks for: what the server notes for itself, and the audit log's own.
    async fn note<A, T, F>(&self, name: &'static str, args: A, body: F) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: writer::Body<A, T>,
    {
        self.writer.run(name, None, args, body).await
    }

    async fn reader_connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        Ok(self.readers.acquire().await?)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// A connection in a transaction.
type Tx = SqliteConnection;

#[async_trait]
impl Store for SqliteStore {
    async fn attach_cluster(&self, cluster: &Cluster, secrets: &ClusterSecrets) -> Result<()> {
        let sealed = clusters::seal(&self.sealer, &cluster.id, secrets)?;
        about(cluster.id.as_str());
        let args = (cluster.clone(), sealed);
        self.write("attach_cluster", args, |tx, (cluster, sealed)| {
            Box::pin(clusters::attach(tx, cluster, sealed))
        })
        .await
    }

    async fn cluster(&self, id: &ClusterId) -> Result<Option<Cluster>> {
        clusters::get(&mut *self.reader_connection().await?, id).await
    }

    async fn cluster_secrets(&self, id: &ClusterId) -> Result<ClusterSecrets> {
        clusters::secrets(&mut *self.reader_connection().await?, &self.sealer, id).await
    }

    async fn cluster_usernames(&self, ids: &[ClusterId]) -> Result<HashMap<ClusterId, String>> {
        clusters::usernames(&mut *self.reader_connection().await?, &self.sealer, ids).await
    }

    async fn clusters(&self, page: &ClusterPage) -> Result<(Vec<Cluster>, u64)> {
        clusters::list(&mut *self.readers.begin().await?, page).await
    }

    async fn update_cluster(&self, cluster: &Cluster, secrets: Option<&ClusterSecrets>) -> Result<Cluster> {
        let sealed = secrets
            .map(|secrets| clusters::seal(&self.sealer, &cluster.id, secrets))
            .transpose()?;
        about(cluster.id.as_str());
        let args = (cluster.clone(), sealed);
        self.write("update_cluster", args, |tx, (cluster, sealed)| {
            Box::pin(clusters::update(tx, cluster, sealed.as_deref()))
        })
        .await
    }

    async fn detach_cluster(&self, id: &ClusterId) -> Result<()> {
        self.write("detach_cluster", id.clone(), |tx, id| {
            Box::pin(clusters::detach(tx, id))
        })
        .await
    }

    async fn put_observation(&self, id: &ClusterId, observation: &Observation) -> Result<()> {
        let (health, standing) = (Health::of(observation), Standing::of(observation));
        let args = (id.clone(), rows::to_json(observation)?, health, standing);
        self.note("put_observation", args, |tx, (id, document, health, standing)| {
            Box::pin(clusters::put_observation(tx, id, document, health, *standing))
        })
        .await
    }

    async fn observation(&self, id: &ClusterId) -> Result<Option<Observation>> {
        Ok(self.observations(std::slice::from_ref(id)).await?.remove(id))
    }

    async fn observations(&self, ids: &[ClusterId]) -> Result<HashMap<ClusterId, Observation>> {
        clusters::observations(&mut *self.reader_connection().await?, ids).await
    }

    async fn put_repository(
        &self,
        repository: &PlatformRepository,
        secrets: Option<&SecretString>,
        expected_version: Option<i64>,
    ) -> Result<PlatformRepository> {
        let sealed = secrets.map(|secrets| repositories::seal(&self.sealer, &repository.name, secrets));
        let args = (repository.clone(), sealed, expected_version);
        self.write("put_repository", args, |tx, (repository, sealed, expected)| {
            Box::pin(repositories::put(tx, repository, sealed.as_deref(), *expected))
        })
        .await
    }

    async fn repository(&self, name: &RepositoryName) -> Result<Option<PlatformRepository>> {
        repositories::get(&mut *self.reader_connection().await?, name).await
    }

    async fn repository_secrets(&self, name: &RepositoryName) -> Result<Option<SecretString>> {
        repositories::secrets(&mut *self.reader_connection().await?, &self.sealer, name).await
    }

    async fn repositories(&self) -> Result<Vec<PlatformRepository>> {
        repositories::list(&mut *self.reader_connection().await?).await
    }

    async fn delete_repository(&self, name: &RepositoryName, cleanup: bool) -> Result<()> {
        let args = (name.clone(), cleanup);
        self.write("delete_repository", args, |tx, (name, cleanup)| {
            Box::pin(repositories::delete(tx, name, *cleanup))
        })
        .await
    }

    async fn set_default_repository(&self, name: Option<&RepositoryName>) -> Result<()> {
        self.write("set_default_repository", name.cloned(), |tx, name| {
            Box::pin(repositories::set_default(tx, name.as_ref()))
        })
        .await
    }

    async fn put_reader(&self, name: &RepositoryName, reader: Option<&Reader>) -> Result<()> {
        let sealed = reader
            .map(|reader| repositories::seal_reader(&self.sealer, name, reader))
            .transpose()?;
        let args = (name.clone(), sealed);
        self.write("put_reader", args, |tx, (name, sealed)| {
            Box::pin(repositories::put_reader(tx, name, sealed.as_deref()))
        })
        .await
    }

    async fn reader(&self, name: &RepositoryName) -> Result<Option<Reader>> {
        repositories::reader(&mut *self.reader_connection().await?, &self.sealer, name).await
    }

    async fn start_operation(&self, new: &NewOperation) -> Result<Started> {
        detail(format!("{} {}", new.kind.as_str(), new.id));
        self.write("start_operation", new.clone(), |tx, new| {
            Box::pin(operations::start(tx, new))
        })
        .await
    }

    async fn start_leased(
        &self,
        new: &NewOperation,
        owner: &str,
        limits: &LeaseLimits,
        until: Timestamp,
    ) -> Result<(Started, Vec<Leased>)> {
        detail(format!("{} {}", new.kind.as_str(), new.id));
        let args = (new.clone(), owner.to_owned(), limits.clone(), until);
        self.write("start_operation", args, |tx, (new, owner, limits, until)| {
            Box::pin(async move {
                let started = operations::start(tx, new).await?;
                let leased = match started {
                    Started::New(_) => leases::lease(tx, owner, limits, new.now, *until).await?,
                    _ => Vec::new(),
                };
                Ok((started, leased))
            })
        })
        .await
    }

    async fn operation(&self, id: &str) -> Result<Option<Operation>> {
        operations::get(&mut *self.reader_connection().await?, id).await
    }

    async fn operations(&self, filter: &OperationFilter) -> Result<Vec<Operation>> {
        operations::list(&mut *self.reader_connection().await?, filter).await
    }

    async fn queue_positions(&self, ids: &[&str]) -> Result<HashMap<String, u64>> {
        operations::queue_positions(&mut *self.reader_connection().await?, ids).await
    }

    async fn events(&self, operation: &str, after: i64, limit: u32) -> Result<Vec<Event>> {
        operations::events(&mut *self.reader_connection().await?, operation, after, limit).await
    }

    async fn request_cancel(&self, id: &str, now: Timestamp) -> Result<bool> {
        let args = (id.to_owned(), now);
        self.write("request_cancel", args, |tx, (id, now)| {
            Box::pin(steps::request_cancel(tx, id, *now))
        })
        .await
    }

    async fn lease(
        &self,
        owner: &str,
        limits: &LeaseLimits,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Leased>> {
        let args = (owner.to_owned(), limits.clone(), now, until);
        self.note("lease", args, |tx, (owner, limits, now, until)| {
            Box::pin(leases::lease(tx, owner, limits, *now, *until))
        })
        .await
    }

    async fn renew_leases(&self, owner: &str, until: Timestamp) -> Result<()> {
        let args = (owner.to_owned(), until);
        self.note("renew_leases", args, |tx, (owner, until)| {
            Box::pin(leases::renew(tx, owner, *until))
        })
        .await
    }

    async fn take_over(&self) -> Result<u64> {
        self.note("take_over", (), |tx, ()| Box::pin(leases::take_over(tx)))
            .await
    }

    async fn release_leases(&self, owner: &str) -> Result<()> {
        self.note("release_leases", owner.to_owned(), |tx, owner| {
            Box::pin(leases::release(tx, owner))
        })
        .await
    }

    async fn commit_step(&self, id: &str, token: i64, step: &Step, now: Timestamp) -> Result<bool> {
        let args = (id.to_owned(), token, step.clone(), now);
        self.note("commit_step", args, |tx, (id, token, step, now)| {
            Box::pin(steps::commit(tx, id, *token, step, *now))
        })
        .await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>> {
        leases::next_due(&mut *self.reader_connection().await?).await
    }

    async fn operation_counts(&self) -> Result<HashMap<Status, u64>> {
        operations::counts(&mut *self.reader_connection().await?).await
    }

    async fn names(
        &self,
        cluster_uuid: &str,
        repository: &RepositoryName,
    ) -> Result<HashMap<SnapshotName, String>> {
        names::of_repository(&mut *self.reader_connection().await?, cluster_uuid, repository).await
    }

    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1")
            .execute(&mut *self.reader_connection().await?)
            .await?;
        Ok(())
    }

    async fn close(&self) {
        // The writer last: closing the last connection is what folds the log into the database.
        self.readers.close().await;
        self.writer.close().await;
    }
}
