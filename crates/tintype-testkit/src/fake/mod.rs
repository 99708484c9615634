//! A fake engine in this process: a stateful snapshot machine that answers as `engines.tsv`'s engines do, as far as
//! Tintype asks them. It is fast, speaks every dialect, and fails by script; what it cannot show is a real engine's
//! truth, so each behaviour here was first seen on a real one.

mod cluster;
mod dialect;
mod filter;
mod indices;
mod names;
mod policies;
mod repositories;
mod restore;
mod routes;
mod snapshots;
mod state;
mod status;

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use dialect::Dialect;
pub use policies::Policy;
use serde_json::Value;
use state::Cluster;
pub use state::{Index, Progress, SnapshotState};

use crate::{
    faults::{Faults, Recorded, Rule},
    server::{Answer, Backend, Server},
};

/// One fake cluster. Clones are the same cluster; it lives as long as its [`FakeHost`] or a clone.
#[derive(Clone)]
pub struct FakeEngine {
    cluster: Arc<Mutex<Cluster>>,
    faults: Faults,
    prefix: String,
    host: Arc<Host>,
}

/// The listener, and the clusters that it serves.
struct Host {
    server: Server,
    members: Arc<Members>,
}

type Member = (Arc<Mutex<Cluster>>, Faults);

#[derive(Default)]
struct Members {
    clusters: Mutex<HashMap<String, Member>>,
    strangers: Faults,
}

/// One listener with many fake clusters below paths of their own, so that a thousand fit in a process.
#[derive(Clone)]
pub struct FakeHost(Arc<Host>);

impl FakeHost {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> anyhow::Result<Self> {
        let members = Arc::new(Members::default());
        let server = Server::start(members.clone(), None)?;
        Ok(Self(Arc::new(Host { server, members })))
    }

    /// Adds a cluster at `URL/NAME`; an empty name is the root, for a host of one cluster.
    pub fn add(&self, name: &str, dialect: Dialect) -> FakeEngine {
        let engine = FakeEngine {
            cluster: Arc::new(Mutex::new(Cluster::new(dialect))),
            faults: Faults::default(),
            prefix: if name.is_empty() {
                String::new()
            } else {
                format!("/{name}")
            },
            host: self.0.clone(),
        };
        let mut clusters = self
            .0
            .members
            .clusters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        clusters.insert(
            engine.prefix.clone(),
            (engine.cluster.clone(), engine.faults.clone()),
        );
        engine
    }
}

impl Members {
    fn find(&self, path: &str) -> Option<(String, Member)> {
        let clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let first = path
            .trim_start_matches('/')
            .split('/')
            .next()
            .map(|name| format!("/{name}"))
            .unwrap_or_default();
        let prefix = if clusters.contains_key(&first) {
            first
        } else {
            String::new()
        };
        clusters.get(&prefix).cloned().map(|member| (prefix, member))
    }
}

impl Backend for Members {
    fn faults(&self, request: &Recorded) -> Faults {
        self.find(&request.path)
            .map_or_else(|| self.strangers.clone(), |(_, (_, faults))| faults)
    }

    fn shown_path<'a>(&self, path: &'a str) -> &'a str {
        match self.find(path) {
            Some((prefix, _)) if path.len() == prefix.len() => "/",
            Some((prefix, _)) => &path[prefix.len()..],
            None => path,
        }
    }

    fn handle(self: Arc<Self>, request: Recorded) -> Pin<Box<dyn Future<Output = Option<Answer>> + Send>> {
        Box::pin(async move {
            let (prefix, (cluster, _)) = self.find(&request.path)?;
            let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
            Some(routes::answer(
                &mut cluster,
                &request.path[prefix.len()..],
                &request,
            ))
        })
    }
}

impl FakeEngine {
    /// A cluster with a listener of its own.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(dialect: Dialect) -> anyhow::Result<Self> {
        Ok(FakeHost::start()?.add("", dialect))
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its base URL, with the path below the host if it has one.
    pub fn url(&self) -> String {
        format!("{}{}", self.host.server.url(), self.prefix)
    }

    /// Its script and its record; paths there begin after the base URL.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Adds a rule: short for `faults().add`.
    pub fn fault(&self, rule: Rule) {
        self.faults.add(rule);
    }

    /// Refuses connections and cuts open ones, for every cluster of the host, until [`Self::resume`].
    pub fn stop(&self) {
        self.host.server.stop();
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.host.server.resume()
    }

    /// The cluster's uuid.
    pub fn uuid(&self) -> String {
        self.cluster().uuid.clone()
    }

    /// Makes it another cluster behind the same address.
    pub fn set_uuid(&self, uuid: &str) {
        self.cluster().uuid = uuid.to_owned();
    }

    /// Answers `GET /` with 405 from now on, as the minimal distributions of Elasticsearch 8 and 9 do.
    pub fn without_root(&self) {
        self.cluster().has_root = false;
    }

    /// Refuses every request that does not carry exactly this `Authorization` header.
    pub fn require_authorization(&self, header: &str) {
        self.cluster().authorization = Some(header.to_owned());
    }

    /// Adds an index, or replaces the one of that name.
    pub fn add_index(&self, name: &str, index: Index) {
        self.cluster().indices.insert(name.to_owned(), index);
    }

    /// Removes an index.
    pub fn remove_index(&self, name: &str) {
        self.cluster().indices.remove(name);
    }

    /// The names of the indices there are.
    pub fn indices(&self) -> Vec<String> {
        self.cluster().indices.keys().cloned().collect()
    }

    /// How snapshots and restores begun from now on move forward; at first they end at the second look.
    pub fn set_progress(&self, progress: Progress) {
        self.cluster().progress = progress;
    }

    /// Makes a location full or read-only (or whole again): a snapshot into it is accepted and vanishes, on 6.8 it
    /// is refused. The location is a `fs` repository's `location`, or `bucket/base_path` of an `s3` one.
    pub fn set_location_broken(&self, location: &str, broken: bool) {
        let mut cluster = self.cluster();
        if broken {
            cluster.broken.insert(location.to_owned());
        } else {
            cluster.broken.remove(location);
        }
    }

    /// Registers a repository behind everybody's back, replacing one of that name.
    pub fn put_repository(&self, name: &str, body: Value) {
        repositories::register(&mut self.cluster(), name, &body);
    }

    /// The registration as it is now: `{"type": …, "settings": …}`; null when there is none.
    pub fn repository(&self, name: &str) -> Value {
        self.cluster()
            .repositories
            .get(name)
            .map(state::Repository::registration)
            .unwrap_or_default()
    }

    /// Adds a finished snapshot behind everybody's back, of all indices there are now.
    ///
    /// # Panics
    /// When the repository is not registered.
    pub fn add_snapshot(&self, repository: &str, name: &str, state: SnapshotState) {
        snapshots::add_finished(&mut self.cluster(), repository, name, state);
    }

    /// The same, ended at this time, in milliseconds since 1970.
    ///
    /// # Panics
    /// When the repository is not registered.
    pub fn add_snapshot_at(&self, repository: &str, name: &str, state: SnapshotState, ended: u64) {
        let mut cluster = self.cluster();
        snapshots::add_finished(&mut cluster, repository, name, state);
        if let Some(added) = cluster.stored(repository).last_mut() {
            (added.started, added.ended) = (ended.saturating_sub(1_000), ended);
        }
    }

    /// Gives it the module for snapshot policies, with these. Without them it answers as if it were not installed.
    pub fn set_policies(&self, policies: Vec<Policy>) {
        self.cluster().policies = Some(policies);
    }

    /// Sets its clock ahead by this many milliseconds, or behind.
    pub fn set_clock_ahead(&self, millis: i64) {
        self.cluster().ahead = millis;
    }

    /// Says of these privileges that they are not granted, when it is asked; it refuses nothing.
    pub fn deny(&self, privileges: &[&str]) {
        self.cluster().denied = privileges.iter().map(|one| (*one).to_owned()).collect();
    }

    /// Names and states of a repository's snapshots, oldest first.
    pub fn snapshots(&self, repository: &str) -> Vec<(String, SnapshotState)> {
        let mut cluster = self.cluster();
        let stored = cluster.stored(repository);
        stored
            .iter()
            .map(|snapshot| (snapshot.name.clone(), snapshot.state))
            .collect()
    }

    /// The metadata that came with a snapshot; null when there is none.
    pub fn snapshot_metadata(&self, repository: &str, name: &str) -> Value {
        let mut cluster = self.cluster();
        cluster
            .stored(repository)
            .iter()
            .find(|found| found.name == name)
            .map(|found| found.metadata.clone())
            .unwrap_or_default()
    }

    /// Ends a running snapshot in this state, whatever its progress.
    ///
    /// # Panics
    /// When there is no such snapshot.
    pub fn finish_snapshot(&self, repository: &str, name: &str, state: SnapshotState) {
        let mut cluster = self.cluster();
        let found = cluster
            .stored(repository)
            .iter_mut()
            .find(|found| found.name == name);
        found
            .unwrap_or_else(|| panic!("no snapshot {repository}/{name}"))
            .finish(state);
    }

    /// Takes a snapshot away without a trace.
    pub fn lose_snapshot(&self, repository: &str, name: &str) {
        self.cluster()
            .stored(repository)
            .retain(|found| found.name != name);
    }

    /// Ends every running restore.
    pub fn finish_restores(&self) {
        for recovery in self.cluster().recoveries.values_mut() {
            recovery.progress.finish();
        }
    }
}
