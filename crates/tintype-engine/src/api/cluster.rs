//! What cluster it is, and how it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::dialect::{Dialect, Distribution, Version};
use crate::engine::Engine;
use crate::error::{Error, Lost};
use crate::wire::client::{Call, parse_uuid, uuid_call};
use crate::wire::route::Route;

/// Which engine, and which cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose engine it is.
    pub distribution: Distribution,
    /// Its version; in a mixed cluster that of the oldest node, unless the answering node alone could be asked.
    pub version: Version,
    /// The cluster's name.
    pub cluster_name: String,
    /// The cluster's uuid.
    pub cluster_uuid: String,
}

impl Identity {
    /// How this engine speaks.
    pub fn dialect(&self) -> Dialect {
        Dialect {
            distribution: self.distribution,
            version: self.version,
        }
    }
}

/// The colour of a cluster or an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// All shards are allocated.
    #[serde(alias = "GREEN")]
    Green,
    /// All primaries are allocated.
    #[serde(alias = "YELLOW")]
    Yellow,
    /// A primary is not allocated.
    #[serde(alias = "RED")]
    Red,
}

/// The cluster's health.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// The worst colour of any index.
    pub status: HealthStatus,
    /// Nodes in the cluster.
    #[serde(rename = "number_of_nodes")]
    pub nodes: u64,
    /// Of them, those that hold data.
    #[serde(rename = "number_of_data_nodes")]
    pub data_nodes: u64,
    /// Allocated primaries.
    #[serde(rename = "active_primary_shards")]
    pub active_primaries: u64,
    /// Allocated shards, primaries included.
    pub active_shards: u64,
    /// Shards being moved.
    pub relocating_shards: u64,
    /// Shards being set up.
    pub initializing_shards: u64,
    /// Shards without a node.
    pub unassigned_shards: u64,
    /// Tasks that wait for the master.
    #[serde(default)]
    pub number_of_pending_tasks: u64,
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id, which changes with its data directory only.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version as the engine writes it.
    pub version: String,
    /// Its host name or address.
    pub host: String,
    /// Its roles by the engine's names.
    pub roles: Vec<String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// It is the elected master.
    pub master: bool,
    /// Largest heap in bytes.
    pub heap_max_bytes: Option<u64>,
}

/// One copy of a shard, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The index.
    pub index: String,
    /// The shard's number.
    pub shard: u32,
    /// A primary, not a replica.
    pub primary: bool,
    /// `STARTED`, `RELOCATING`, `INITIALIZING` or `UNASSIGNED`.
    pub state: String,
    /// The name of the node that holds it.
    pub node: Option<String>,
}

impl Engine {
    /// The cluster's uuid. `Unknown` with [`Lost::NotReady`] until the cluster has formed.
    pub async fn cluster_uuid(&self) -> Result<String, Error> {
        let answer = self.send(uuid_call()).await?;
        parse_uuid(&answer)?.ok_or_else(|| answer.lost(Lost::NotReady))
    }

    /// Engine, version and cluster.
    pub async fn identify(&self) -> Result<Identity, Error> {
        let cluster_uuid = self.cluster_uuid().await?;
        let (cluster_name, distribution, version) = match self.main().await? {
            Some(main) => main,
            None => self.by_nodes().await?,
        };
        let identity = Identity {
            distribution,
            version,
            cluster_name,
            cluster_uuid,
        };
        self.remember(&identity);
        Ok(identity)
    }

    /// What `GET /` says. Not every engine answers it (405 without the module behind it, 403 without the privilege), and
    /// OpenSearch can be told to give 7.10.2 as its version there: then `None`.
    async fn main(&self) -> Result<Option<(String, Distribution, Version)>, Error> {
        let answer = match self.send(Call::get(Route::new(&[]))).await {
            Err(Error::Refused { answer, .. }) if answer.status != 401 => return Ok(None),
            other => other?,
        };
        let Ok(main) = answer.parse::<Main>() else {
            return Ok(None);
        };
        let Ok(version) = main.version.number.parse::<Version>() else {
            return Ok(None);
        };
        let named = main.version.distribution.as_deref() == Some("opensearch");
        let distribution = if named || main.tagline.contains("OpenSearch") {
            Distribution::OpenSearch
        } else {
            distribution_of(version)
        };
        let disguised = distribution != distribution_of(version);
        Ok((!disguised).then_some((main.cluster_name, distribution, version)))
    }

    async fn by_nodes(&self) -> Result<(String, Distribution, Version), Error> {
        let route = Route::new(&["_nodes"]).query("filter_path", "cluster_name,nodes.*.version");
        let answer = self.send(Call::get(route)).await?;
        let nodes: NodesBody = answer.parse()?;
        let oldest = nodes
            .nodes
            .values()
            .filter_map(|node| node.version.parse::<Version>().ok())
            .min();
        let version = oldest.ok_or_else(|| answer.unexpected("no node says its version"))?;
        Ok((nodes.cluster_name, distribution_of(version), version))
    }

    /// The cluster's health.
    pub async fn health(&self) -> Result<Health, Error> {
        self.send(Call::get(Route::new(&["_cluster", "health"])))
            .await?
            .parse()
    }

    /// The nodes, by name.
    pub async fn nodes(&self) -> Result<Vec<Node>, Error> {
        let metric = self.dialect().await?.master_metric();
        let route = Route::new(&["_cluster", "state", metric]).query("filter_path", metric);
        let state: Value = self.send(Call::get(route)).await?.parse()?;
        let master = state.get(metric).and_then(Value::as_str).unwrap_or_default();
        let wanted = "cluster_name,nodes.*.name,nodes.*.version,nodes.*.host,nodes.*.roles,nodes.*.attributes,\
                      nodes.*.jvm.mem.heap_max_in_bytes";
        let route = Route::new(&["_nodes", "jvm"]).query("filter_path", wanted);
        let body: NodesBody = self.send(Call::get(route).listing()).await?.parse()?;
        let mut nodes: Vec<Node> = body
            .nodes
            .into_iter()
            .map(|(id, node)| node.named(id, master))
            .collect();
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(nodes)
    }

    /// Every copy of every shard.
    pub async fn shards(&self) -> Result<Vec<Shard>, Error> {
        let route = Route::new(&["_cat", "shards"])
            .query("format", "json")
            .query("h", "index,shard,prirep,state,node");
        let answer = self.send(Call::get(route).listing()).await?;
        let rows: Vec<ShardRow> = answer.parse()?;
        rows.into_iter()
            .map(|row| {
                row.shard()
                    .ok_or_else(|| answer.unexpected("a shard without a number"))
            })
            .collect()
    }
}

/// The supported versions of the two do not overlap: OpenSearch 1 to 3, Elasticsearch 6 to 9.
fn distribution_of(version: Version) -> Distribution {
    if version.major < 5 {
        Distribution::OpenSearch
    } else {
        Distribution::Elasticsearch
    }
}

#[derive(Deserialize)]
struct Main {
    #[serde(default)]
    cluster_name: String,
    version: MainVersion,
    #[serde(default)]
    tagline: String,
}

#[derive(Deserialize)]
struct MainVersion {
    number: String,
    distribution: Option<String>,
}

#[derive(Deserialize)]
struct NodesBody {
    #[serde(default)]
    cluster_name: String,
    #[serde(default)]
    nodes: BTreeMap<String, NodeBody>,
}

#[derive(Deserialize)]
struct NodeBody {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    jvm: Value,
}

impl NodeBody {
    fn named(self, id: String, master: &str) -> Node {
        Node {
            master: id == master,
            heap_max_bytes: self.jvm.pointer("/mem/heap_max_in_bytes").and_then(Value::as_u64),
            id,
            name: self.name,
            version: self.version,
            host: self.host,
            roles: self.roles,
            attributes: self.attributes,
        }
    }
}

#[derive(Deserialize)]
struct ShardRow {
    index: String,
    shard: String,
    prirep: String,
    state: String,
    node: Option<String>,
}

impl ShardRow {
    fn shard(self) -> Option<Shard> {
        Some(Shard {
            shard: self.shard.parse().ok()?,
            primary: self.prirep == "p",
            index: self.index,
            state: self.state,
            node: self.node.filter(|node| !node.is_empty()),
        })
    }
}
