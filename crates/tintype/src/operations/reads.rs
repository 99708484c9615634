//! Live looks at an engine, for lists: bounded, and only reads.

use super::proofs::{self, ProofView};
use super::{looks, observe, progress, repositories};
use crate::app::App;
use crate::error::{Error, Missing, Result};
use crate::model::observation::ObservedRegistration;
use crate::model::progress::ShardCounts;
use crate::model::{Attestation, Cluster, RepositoryName, SnapshotName};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use tintype_engine::{Engine, SnapshotInfo};

/// A snapshot as the engine shows it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SnapshotView {
    /// The repository's name on the engine.
    pub repository: String,
    /// Its name; foreign snapshots may have any.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The engine's word.
    pub state: String,
    /// Began.
    #[schema(value_type = Option<String>)]
    pub start_time: Option<Timestamp>,
    /// Ended.
    #[schema(value_type = Option<String>)]
    pub end_time: Option<Timestamp>,
    /// The indices in it.
    pub indices: Vec<String>,
    /// Its shards.
    pub shards: ShardCounts,
    /// What failed.
    pub failures: Vec<ShardFailure>,
    /// SUCCESS, no failed shard, not empty.
    pub good: bool,
    /// What its maker wrote into it.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// An operation of this Tintype made it.
    pub made_by_tintype: bool,
    /// That operation.
    pub operation: Option<String>,
    /// What is known of it by reading its storage; absent when it was never verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofView>,
}

/// A shard that failed.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ShardFailure {
    /// The index.
    pub index: String,
    /// The shard's number.
    pub shard: u32,
    /// The engine's words.
    pub reason: String,
}

/// The registrations on the engine.
///
/// # Errors
/// `Failed` when the engine cannot be asked.
pub async fn registrations(app: &App, cluster: &Cluster) -> Result<Vec<ObservedRegistration>> {
    let engine = app.engines.of(cluster).await??;
    let found = engine
        .repositories()
        .await
        .map_err(|error| looks::failure(&error, cluster))?;
    Ok(found.iter().map(observe::observed).collect())
}

/// Which snapshots are listed.
#[derive(Debug, Clone)]
pub struct SnapshotQuery {
    /// In which repositories.
    pub of: Of,
    /// In these states, in the engine's words; all when empty.
    pub states: Vec<String>,
    /// At most so many.
    pub limit: usize,
}

/// Which repositories of a cluster are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The cluster's own.
    Own,
    /// The one that the platform or the engine knows by this name.
    Named(RepositoryName),
    /// Every registration on the engine.
    All,
}

/// What a listing found.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// The newest first.
    pub snapshots: Vec<SnapshotView>,
    /// How many match, those beyond the limit included.
    pub total: u64,
    /// Repositories that could not be read, with the reason; only where all are meant.
    pub problems: BTreeMap<String, String>,
}

/// The newest of a cluster's snapshots that match. However many there are, no more than asked for are held.
///
/// # Errors
/// `Failed` when there is no such repository, or the engine cannot be asked.
pub async fn snapshots(app: &App, cluster: &Cluster, asked: &SnapshotQuery) -> Result<Snapshots> {
    let mut newest = Newest::new(asked);
    let mut problems = BTreeMap::new();
    let mut known = None;
    if asked.of == Of::All {
        let engine = app.engines.of(cluster).await??;
        let registrations = engine.repositories().await;
        for one in registrations.map_err(|error| looks::failure(&error, cluster))? {
            if let Err(error) = newest.list(&engine, &one.name).await {
                problems.insert(one.name, error.to_string());
            }
        }
    } else {
        let named = match &asked.of {
            Of::Named(name) => Some(name),
            Of::Own | Of::All => None,
        };
        let resolved = repositories::resolve(&app.operations, cluster, named).await?;
        let engine = app.engines.of(cluster).await??;
        match newest.list(&engine, resolved.engine_name.as_str()).await {
            // A template that no snapshot has used yet is not registered: nothing is in it.
            Err(error) if error.is_missing_repository() && resolved.platform.is_some() => {}
            other => other.map_err(|error| looks::failure(&error, cluster))?,
        }
        known = Some(resolved);
    }
    let total = newest.total;
    let mut ours = HashMap::new();
    let mut snapshots = Vec::new();
    for (repository, snapshot) in newest.sorted() {
        if !ours.contains_key(&repository) {
            ours.insert(repository.clone(), names(app, cluster, &repository).await?);
        }
        let name = snapshot.name.parse::<SnapshotName>().ok();
        let operation = name.and_then(|name| ours.get(&repository)?.get(&name).cloned());
        snapshots.push(view(&repository, snapshot, operation));
    }
    proofs::add(app, cluster, known.as_ref(), &mut snapshots).await?;
    Ok(Snapshots {
        snapshots,
        total,
        problems,
    })
}

/// The names that operations of this Tintype hold in a repository; none where its own name could not be one of ours.
async fn names(app: &App, cluster: &Cluster, repository: &str) -> Result<HashMap<SnapshotName, String>> {
    match repository.parse() {
        Ok(name) => Ok(app.store.names(&cluster.uuid, &name).await?),
        Err(_) => Ok(HashMap::new()),
    }
}

/// The newest snapshots so far.
struct Newest<'q> {
    asked: &'q SnapshotQuery,
    found: Vec<(String, SnapshotInfo)>,
    total: u64,
}

impl<'q> Newest<'q> {
    fn new(asked: &'q SnapshotQuery) -> Self {
        Self {
            asked,
            found: Vec::new(),
            total: 0,
        }
    }

    async fn list(
        &mut self,
        engine: &Engine,
        repository: &str,
    ) -> std::result::Result<(), tintype_engine::Error> {
        let mut each = |info: SnapshotInfo| self.add(repository, info);
        engine.each_snapshot(repository, &mut each).await
    }

    fn add(&mut self, repository: &str, info: SnapshotInfo) {
        let states = &self.asked.states;
        if !states.is_empty() && !states.contains(&info.state.to_string()) {
            return;
        }
        self.total += 1;
        self.found.push((repository.to_owned(), info));
        // Cut only now and then: each cut sorts.
        if self.found.len() > self.asked.limit.saturating_mul(2).max(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.found.sort_by(|(in_a, a), (in_b, b)| {
            (b.start_time_ms, &b.name, in_b).cmp(&(a.start_time_ms, &a.name, in_a))
        });
        self.found.truncate(self.asked.limit);
    }

    fn sorted(mut self) -> Vec<(String, SnapshotInfo)> {
        self.cut();
        self.found
    }
}

/// One snapshot by its exact name.
///
/// # Errors
/// `NotFound`; `Failed` when the engine cannot be asked.
pub async fn snapshot(
    app: &App,
    cluster: &Cluster,
    repository: &RepositoryName,
    name: &SnapshotName,
) -> Result<SnapshotView> {
    let resolved = repositories::resolve(&app.operations, cluster, Some(repository)).await?;
    let engine = app.engines.of(cluster).await??;
    let found = match engine
        .snapshot(resolved.engine_name.as_str(), name.as_str())
        .await
    {
        Err(error) if error.is_missing_repository() => None,
        other => other.map_err(|error| looks::failure(&error, cluster))?,
    };
    let Some(found) = found else {
        let message = format!("there is no such snapshot in {}", resolved.engine_name);
        return Err(Error::missing(Missing::Snapshot, message));
    };
    let ours = app
        .store
        .names(&cluster.uuid, &resolved.engine_name)
        .await?
        .remove(name);
    let mut shown = [view(resolved.engine_name.as_str(), found, ours)];
    proofs::add(app, cluster, Some(&resolved), &mut shown).await?;
    let [shown] = shown;
    Ok(shown)
}

/// What the server attested of a snapshot. No engine is asked, unless only it could know the repository's name.
///
/// # Errors
/// `NotFound` when it never did; as [`repositories::resolve`].
pub async fn attestation(
    app: &App,
    cluster: &Cluster,
    repository: &RepositoryName,
    name: &SnapshotName,
) -> Result<Attestation> {
    let resolved = repositories::resolve(&app.operations, cluster, Some(repository)).await?;
    let found = match proofs::location(app, cluster, &resolved).await? {
        Some(location) => {
            app.store
                .attestation(&cluster.id, &location, name.as_str())
                .await?
        }
        None => None,
    };
    let missing = || {
        let message = format!("the server has not attested {}/{name}", resolved.engine_name);
        Error::missing(Missing::Attestation, message)
    };
    found.ok_or_else(missing)
}

/// `ours`: the operation that holds this name. Where the engine keeps metadata, that decides.
fn view(repository: &str, found: SnapshotInfo, ours: Option<String>) -> SnapshotView {
    let operation = match (looks::operation_of(&found), ours) {
        (Some(made_by), Some(ours)) => (made_by == ours).then_some(ours),
        (None, ours) if found.metadata.is_none() => ours,
        _ => None,
    };
    SnapshotView {
        repository: repository.to_owned(),
        good: looks::looks_good(&found),
        state: found.state.to_string(),
        start_time: looks::timestamp(found.start_time_ms),
        end_time: looks::timestamp(found.end_time_ms),
        shards: ShardCounts {
            total: progress::count(found.total_shards),
            done: progress::count(found.successful_shards),
            failed: progress::count(found.failed_shards),
        },
        failures: found
            .failures
            .into_iter()
            .map(|failure| ShardFailure {
                index: failure.index,
                shard: u32::try_from(failure.shard).unwrap_or(0),
                reason: failure.reason,
            })
            .collect(),
        name: found.name,
        uuid: found.uuid,
        indices: found.indices,
        metadata: found.metadata,
        made_by_tintype: operation.is_some(),
        operation,
        proof: None,
    }
}
