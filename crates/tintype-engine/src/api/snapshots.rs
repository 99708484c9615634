//! Listing, creating and deleting snapshots.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::lenient;
use crate::api::names::{repository_path, snapshot_path};
use crate::api::repositories::{MASTER_TIMEOUT, acknowledged};
use crate::config::Access;
use crate::engine::Engine;
use crate::error::{CallSite, Error, Lost};
use crate::wire::client::{Answer, Call};
use crate::wire::route::Route;

/// Snapshots per page where the engine has pages.
const PAGE: &str = "500";
/// More pages than any repository has; a bound against an engine that never ends.
const PAGES: usize = 1000;

/// How a snapshot stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub enum SnapshotState {
    /// All shards were stored.
    Success,
    /// Some shards were not stored.
    Partial,
    /// It failed.
    Failed,
    /// It is being taken.
    InProgress,
    /// It was made by a version that this engine cannot read.
    Incompatible,
    /// Another word of the engine, such as `ABORTED`.
    Other(String),
}

impl From<String> for SnapshotState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "SUCCESS" => Self::Success,
            "PARTIAL" => Self::Partial,
            "FAILED" => Self::Failed,
            // `_status` says INIT and STARTED where the listing says IN_PROGRESS.
            "IN_PROGRESS" | "STARTED" | "INIT" => Self::InProgress,
            "INCOMPATIBLE" => Self::Incompatible,
            _ => Self::Other(word),
        }
    }
}

impl std::fmt::Display for SnapshotState {
    /// The engine's word.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Success => "SUCCESS",
            Self::Partial => "PARTIAL",
            Self::Failed => "FAILED",
            Self::InProgress => "IN_PROGRESS",
            Self::Incompatible => "INCOMPATIBLE",
            Self::Other(word) => word,
        })
    }
}

/// A shard that could not be stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ShardFailure {
    /// The index.
    #[serde(default, deserialize_with = "lenient::text")]
    pub index: String,
    /// The shard's number.
    #[serde(default, rename = "shard_id")]
    pub shard: i64,
    /// Why, in the engine's words.
    #[serde(default, deserialize_with = "lenient::text")]
    pub reason: String,
}

/// A snapshot as its repository lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotInfo {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// How it stands.
    pub state: SnapshotState,
    /// The version of the engine that made it, as written; newer engines may write an index version.
    pub version: Option<String>,
    /// The indices in it.
    pub indices: Vec<String>,
    /// The data streams in it.
    pub data_streams: Vec<String>,
    /// When it began, in milliseconds since 1970.
    pub start_time_ms: Option<i64>,
    /// When it ended, in milliseconds since 1970.
    pub end_time_ms: Option<i64>,
    /// Shards in all.
    pub total_shards: u64,
    /// Shards stored.
    pub successful_shards: u64,
    /// Shards not stored.
    pub failed_shards: u64,
    /// What failed.
    pub failures: Vec<ShardFailure>,
    /// Why it failed as a whole, in the engine's words.
    pub reason: Option<String>,
    /// What its maker attached; always `None` on Elasticsearch before 7.3.
    pub metadata: Option<Value>,
    /// It holds the cluster's global state; `None` when the engine does not say.
    pub include_global_state: Option<bool>,
}

/// A snapshot to take.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSnapshot {
    /// Names or patterns of indices and data streams; empty: all, closed and hidden ones included where the engine can.
    pub indices: Vec<String>,
    /// Include the cluster's global state.
    pub include_global_state: bool,
    /// Go on when a primary is not available.
    pub partial: bool,
    /// Attached to the snapshot, where the engine keeps it.
    pub metadata: Map<String, Value>,
}

impl Default for CreateSnapshot {
    /// Everything, and nothing partial.
    fn default() -> Self {
        Self {
            indices: Vec::new(),
            include_global_state: true,
            partial: false,
            metadata: Map::new(),
        }
    }
}

/// The engine took the request on. It may still fail, and then may leave nothing behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted;

impl Engine {
    /// All snapshots of a repository, in the engine's order: by name where it pages, else by start.
    pub async fn snapshots(&self, repository: &str) -> Result<Vec<SnapshotInfo>, Error> {
        let path = ["_snapshot", repository_path("GET", repository)?, "_all"];
        if !self.dialect().await?.pages_snapshots() {
            let answer = self.send(Call::get(Route::new(&path)).listing()).await?;
            return Ok(Listing::of(&answer)?.into_infos());
        }
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut route = Route::new(&path).query("size", PAGE).query("sort", "name");
            if let Some(after) = after.take() {
                route = route.query("after", after);
            }
            let page = Listing::of(&self.send(Call::get(route).listing()).await?)?;
            after.clone_from(&page.next);
            all.extend(page.into_infos());
            if after.is_none() {
                return Ok(all);
            }
        }
        let at = CallSite {
            method: "GET",
            path: Route::new(&path).path(),
        };
        Err(Error::Unknown {
            at,
            why: Lost::Unexpected("the pages of the listing do not end".into()),
        })
    }

    /// The snapshot of exactly this name.
    pub async fn snapshot(&self, repository: &str, name: &str) -> Result<Option<SnapshotInfo>, Error> {
        let route = Route::new(&snapshot_path("GET", repository, name)?);
        let answer = self.send(Call::get(route).listing()).await;
        let (listing, answer) = match answer.and_then(|answer| Ok((Listing::of(&answer)?, answer))) {
            Err(error) if error.is_missing_snapshot() => return Ok(None),
            other => other?,
        };
        let mut found = listing.into_infos();
        match found.pop() {
            Some(info) if found.is_empty() && info.name == name => Ok(Some(info)),
            _ => Err(answer.unexpected("the answer is not about exactly this snapshot")),
        }
    }

    /// Starts a snapshot and does not wait for it.
    pub async fn create_snapshot(
        &self,
        repository: &str,
        name: &str,
        what: &CreateSnapshot,
    ) -> Result<Accepted, Error> {
        let path = snapshot_path("PUT", repository, name)?;
        let dialect = self.dialect_before("PUT", &path).await?;
        let mut body = json!({ "include_global_state": what.include_global_state, "partial": what.partial });
        if !what.indices.is_empty() {
            body["indices"] = json!(what.indices);
        }
        if dialect.expands_wildcards() {
            body["expand_wildcards"] = json!("all");
        }
        if dialect.keeps_metadata() && !what.metadata.is_empty() {
            body["metadata"] = json!(what.metadata);
        }
        let route = Route::new(&path)
            .query("wait_for_completion", "false")
            .query(dialect.master_timeout(), MASTER_TIMEOUT);
        accepted(
            &self
                .send(Call::change(Method::PUT, route, Access::Take).json(body))
                .await?,
        )
    }

    /// Deletes a snapshot, or aborts it while it runs. The engine answers when it is done, which can take minutes: a
    /// timeout then is `Unknown`, and the deletion goes on.
    pub async fn delete_snapshot(&self, repository: &str, name: &str) -> Result<(), Error> {
        let path = snapshot_path("DELETE", repository, name)?;
        let timeout = self.dialect_before("DELETE", &path).await?.master_timeout();
        let route = Route::new(&path).query(timeout, MASTER_TIMEOUT);
        acknowledged(
            &self
                .send(Call::change(Method::DELETE, route, Access::Operate))
                .await?,
        )
    }
}

/// `{"accepted": true}`; a snapshot or restore that was complete at once is described instead.
pub(crate) fn accepted(answer: &Answer) -> Result<Accepted, Error> {
    let body: Value = answer.parse()?;
    if body.get("accepted") == Some(&Value::Bool(true)) || body.get("snapshot").is_some_and(Value::is_object)
    {
        return Ok(Accepted);
    }
    Err(answer.unexpected("it does not say that the request was accepted"))
}

#[derive(Deserialize)]
struct Listing {
    snapshots: Vec<InfoBody>,
    next: Option<String>,
    /// Elasticsearch 7.14 to 7.17 answers 200 when it could not read a repository, with the error per repository here
    /// and no snapshots: taken for a listing, that would say that all of them are gone.
    #[serde(default)]
    failures: BTreeMap<String, Value>,
}

impl Listing {
    fn of(answer: &Answer) -> Result<Self, Error> {
        let listing: Self = answer.parse()?;
        match listing.failures.values().next() {
            None => Ok(listing),
            Some(error) => {
                let missing = error
                    .get("type")
                    .and_then(Value::as_str)
                    .is_some_and(|t| t.contains("_missing_"));
                Err(answer.refused(if missing { 404 } else { 500 }, error))
            }
        }
    }

    fn into_infos(self) -> Vec<SnapshotInfo> {
        self.snapshots.into_iter().map(InfoBody::info).collect()
    }
}

#[derive(Deserialize)]
struct InfoBody {
    snapshot: String,
    #[serde(default)]
    uuid: String,
    state: SnapshotState,
    version: Option<String>,
    #[serde(default)]
    indices: Vec<String>,
    #[serde(default)]
    data_streams: Vec<String>,
    start_time_in_millis: Option<i64>,
    end_time_in_millis: Option<i64>,
    #[serde(default)]
    shards: ShardsBody,
    #[serde(default)]
    failures: Vec<ShardFailure>,
    #[serde(default)]
    reason: Option<String>,
    metadata: Option<Value>,
    include_global_state: Option<bool>,
}

#[derive(Default, Deserialize)]
struct ShardsBody {
    #[serde(default)]
    total: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    successful: u64,
}

impl InfoBody {
    fn info(self) -> SnapshotInfo {
        // Zero is the engines' "not yet".
        let time = |ms: Option<i64>| ms.filter(|ms| *ms > 0);
        SnapshotInfo {
            start_time_ms: time(self.start_time_in_millis),
            end_time_ms: time(self.end_time_in_millis),
            name: self.snapshot,
            uuid: self.uuid,
            state: self.state,
            version: self.version,
            indices: self.indices,
            data_streams: self.data_streams,
            total_shards: self.shards.total,
            successful_shards: self.shards.successful,
            failed_shards: self.shards.failed,
            failures: self.failures,
            reason: self.reason,
            metadata: self.metadata.filter(|metadata| !metadata.is_null()),
            include_global_state: self.include_global_state,
        }
    }
}
