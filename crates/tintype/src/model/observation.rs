//! What the watch last saw of a cluster; answers are given from here, so that a dead engine never holds one up.

use super::{Inventory, RepositoryName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The last look at a cluster, kept as one JSON document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When the look began: what it says is not older than this.
    pub at: Timestamp,
    /// The engine answered, and is the one that was pinned.
    pub reachable: bool,
    /// Why it was not reachable, in the engine's or the transport's words.
    pub problem: Option<String>,
    /// `green`, `yellow` or `red`; absent when unreachable.
    pub health: Option<String>,
    /// The nodes, for ECE's topology.
    pub nodes: Vec<ObservedNode>,
    /// The registrations on the engine.
    pub registrations: Vec<ObservedRegistration>,
    /// The repository whose snapshots `snapshots` counts, by its name on the engine.
    pub repository: Option<RepositoryName>,
    /// The snapshots of this cluster in its configured repository.
    pub snapshots: SnapshotSummary,
    /// Snapshots whose operation had ended without them.
    #[serde(default)]
    pub strays: Vec<Stray>,
    /// What its repositories held when they were last gone through; absent before the first time.
    #[serde(default)]
    pub inventory: Option<Inventory>,
}

/// A snapshot that a late request brought after its operation had ended: reported, and left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Stray {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The operation that had ended.
    pub operation: String,
}

/// A node of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedNode {
    /// The node's id.
    pub id: String,
    /// The node's name.
    pub name: String,
    /// The node's version.
    pub version: String,
    /// The node's roles.
    pub roles: Vec<String>,
    /// The elected master.
    pub master: bool,
}

/// A registration on the engine, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedRegistration {
    /// The name on the engine.
    pub name: String,
    /// The type, such as `fs`.
    pub kind: String,
    /// Where it points, in one comparable line such as `fs:/backups/a`; absent for types that Tintype cannot compare.
    pub location: Option<String>,
    /// The repository's uuid, which Elasticsearch shows from 7.12 on.
    pub uuid: Option<String>,
    /// Snapshots cannot be written through it.
    pub readonly: bool,
}

/// The source of ECE's `SnapshotStatusInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSummary {
    /// All snapshots in the repository, whoever took them.
    pub count: u32,
    /// The newest attempt's state in the engine's word.
    pub latest_status: Option<String>,
    /// The newest finished attempt was good.
    pub latest_successful: Option<bool>,
    /// When the newest finished attempt ended.
    pub latest_end_time: Option<Timestamp>,
    /// When the newest good snapshot ended.
    pub latest_successful_end_time: Option<Timestamp>,
    /// The newest good snapshot's name.
    pub latest_successful_name: Option<String>,
}
