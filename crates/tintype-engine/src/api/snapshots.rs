//! Snapshots one by one: found by name, created, deleted.

use std::time::Instant;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::names::snapshot_path;
use crate::api::repositories::{MASTER_TIMEOUT, acknowledged};
use crate::api::{lenient, listing};
use crate::config::Access;
use crate::engine::Engine;
use crate::error::Error;
use crate::wire::client::{Answer, Call};
use crate::wire::route::Route;

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
    /// The snapshot of exactly this name.
    pub async fn snapshot(&self, repository: &str, name: &str) -> Result<Option<SnapshotInfo>, Error> {
        let route = Route::new(&snapshot_path("GET", repository, name)?);
        let mut found = Vec::new();
        let listed = async {
            let answer = self.send(Call::get(route).listing()).await?;
            listing::read(&answer, &mut |info| found.push(info))?;
            Ok(answer)
        };
        let answer = match listed.await {
            Err(error) if Error::is_missing_snapshot(&error) => return Ok(None),
            other => other?,
        };
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
    /// timeout then is `Unknown`, and the deletion goes on. After `latest` it is not sent any more: what was looked at
    /// to allow it is too old by then.
    pub async fn delete_snapshot(&self, repository: &str, name: &str, latest: Instant) -> Result<(), Error> {
        let path = snapshot_path("DELETE", repository, name)?;
        let timeout = self.dialect_before("DELETE", &path).await?.master_timeout();
        let route = Route::new(&path).query(timeout, MASTER_TIMEOUT);
        acknowledged(
            &self
                .send(Call::change(Method::DELETE, route, Access::Operate).until(latest))
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
