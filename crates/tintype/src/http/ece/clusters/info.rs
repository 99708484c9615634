//! ECE's view of a cluster, filled from the last look. Lists that can only be empty here are typed so.

use crate::http::Http;
use crate::http::observe::SnapshotHealth;
use crate::model::observation::ObservedNode;
use crate::model::{Cluster, Observation, search};
use serde::Serialize;
use utoipa::ToSchema;

/// A cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchClusterInfo {
    /// Its id.
    pub cluster_id: String,
    /// Its name.
    pub cluster_name: String,
    /// Every section below is healthy.
    pub healthy: bool,
    /// `started`; `stopped` while it does not answer; `initializing` before the first look.
    pub status: &'static str,
    /// Its plans: Tintype makes none.
    pub plan_info: ElasticsearchClusterPlansInfo,
    /// The engine.
    pub elasticsearch: ElasticsearchInfo,
    /// What Tintype keeps about it.
    pub metadata: ClusterMetadataInfo,
    /// Its nodes.
    pub topology: ClusterTopologyInfo,
    /// Always empty.
    pub associated_kibana_clusters: Vec<EmptyElement>,
    /// Always empty.
    pub associated_apm_clusters: Vec<EmptyElement>,
    /// Always empty.
    pub associated_appsearch_clusters: Vec<EmptyElement>,
    /// Always empty.
    pub associated_enterprise_search_clusters: Vec<EmptyElement>,
    /// Its snapshots.
    pub snapshots: SnapshotStatusInfo,
    /// Always empty.
    pub external_links: Vec<EmptyElement>,
}

/// An element of a list that is always empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmptyElement {}

/// The plans of a cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchClusterPlansInfo {
    /// Always true: nothing is planned, so nothing failed.
    pub healthy: bool,
    /// The running engine, with `show_plans`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<ElasticsearchClusterPlanInfo>,
    /// Always empty.
    pub history: Vec<EmptyElement>,
}

/// The plan that the running engine amounts to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchClusterPlanInfo {
    /// Always true.
    pub healthy: bool,
    /// The plan.
    pub plan: ElasticsearchClusterPlan,
    /// Always empty.
    pub plan_attempt_log: Vec<EmptyElement>,
    /// Always empty.
    pub warnings: Vec<EmptyElement>,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchClusterPlan {
    /// Always empty.
    pub cluster_topology: Vec<EmptyElement>,
    /// The engine.
    pub elasticsearch: ElasticsearchConfiguration,
}

/// An engine's configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchConfiguration {
    /// Its version, when it was last asked.
    pub version: String,
}

/// The engine's state.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchInfo {
    /// Every section below is healthy.
    pub healthy: bool,
    /// Its shards.
    pub shard_info: ElasticsearchShardsInfo,
    /// Its masters.
    pub master_info: ElasticsearchMasterInfo,
    /// What keeps it from working.
    pub blocking_issues: ElasticsearchClusterBlockingIssues,
}

/// The engine's shards. Only their health is watched, not their number on each node.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchShardsInfo {
    /// The engine's health is green or yellow: every primary is there.
    pub healthy: bool,
    /// Always empty.
    pub available_shards: Vec<EmptyElement>,
    /// Always empty.
    pub unavailable_shards: Vec<EmptyElement>,
    /// Always empty.
    pub unavailable_replicas: Vec<EmptyElement>,
}

/// The engine's masters.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchMasterInfo {
    /// There is exactly one.
    pub healthy: bool,
    /// The elected master.
    pub masters: Vec<ElasticsearchMasterElement>,
    /// Always empty: nodes without a master are not in the engine's list.
    pub instances_with_no_master: Vec<String>,
}

/// A master and its followers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchMasterElement {
    /// The node's id.
    pub master_node_id: String,
    /// The node's name.
    pub master_instance_name: String,
    /// The names of all nodes.
    pub instances: Vec<String>,
}

/// What keeps a cluster from working.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchClusterBlockingIssues {
    /// Nothing does.
    pub healthy: bool,
    /// Why it cannot be reached.
    pub cluster_level: Vec<ElasticsearchClusterBlockingIssueElement>,
    /// Always empty.
    pub index_level: Vec<ElasticsearchClusterBlockingIssueElement>,
}

/// One thing that keeps a cluster from working.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElasticsearchClusterBlockingIssueElement {
    /// In the engine's or the transport's words.
    pub description: String,
    /// Always empty: it concerns all.
    pub instances: Vec<String>,
}

/// What Tintype keeps about a cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterMetadataInfo {
    /// Counts changes, from 1.
    pub version: i64,
    /// The last change.
    #[schema(format = DateTime)]
    pub last_modified: String,
    /// The engine's address.
    pub service_url: String,
}

/// The nodes of a cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterTopologyInfo {
    /// They answer.
    pub healthy: bool,
    /// The nodes as they were last seen.
    pub instances: Vec<ClusterInstanceInfo>,
}

/// A node.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterInstanceInfo {
    /// Its name.
    pub instance_name: String,
    /// It was there at the last look.
    pub healthy: bool,
    /// It was there at the last look.
    pub container_started: bool,
    /// It was there at the last look.
    pub service_running: bool,
    /// Always false.
    pub maintenance_mode: bool,
    /// Its id.
    pub service_id: String,
    /// Its version.
    pub service_version: String,
    /// Its roles.
    pub service_roles: Vec<String>,
}

/// The snapshots of a cluster in its configured repository, whoever took them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotStatusInfo {
    /// The newest finished attempt is good, and `recent_success`, and the engine answers.
    pub healthy: bool,
    /// How many there are.
    pub count: u32,
    /// The newest finished attempt is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_successful: Option<bool>,
    /// The newest attempt, in the engine's word: SUCCESS, PARTIAL, FAILED or IN_PROGRESS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_status: Option<String>,
    /// When the newest finished attempt ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub latest_end_time: Option<String>,
    /// When the newest good snapshot ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub latest_successful_end_time: Option<String>,
    /// A good one ended within the configured window.
    pub recent_success: bool,
}

impl ElasticsearchClusterInfo {
    /// The view of a cluster as it was last seen.
    pub fn new(cluster: &Cluster, seen: Option<&Observation>, http: &Http, plans: bool) -> Self {
        let plan_info = plans_info(cluster, plans);
        let elasticsearch = engine(seen);
        let topology = topology(seen);
        let snapshots = snapshots(seen, http);
        Self {
            cluster_id: cluster.id.to_string(),
            cluster_name: cluster.name.clone(),
            healthy: plan_info.healthy && elasticsearch.healthy && topology.healthy && snapshots.healthy,
            status: search::status_seen(seen),
            plan_info,
            elasticsearch,
            metadata: ClusterMetadataInfo {
                version: cluster.version,
                last_modified: cluster.updated_at.to_string(),
                service_url: cluster.url.clone(),
            },
            topology,
            associated_kibana_clusters: Vec::new(),
            associated_apm_clusters: Vec::new(),
            associated_appsearch_clusters: Vec::new(),
            associated_enterprise_search_clusters: Vec::new(),
            snapshots,
            external_links: Vec::new(),
        }
    }
}

fn plans_info(cluster: &Cluster, shown: bool) -> ElasticsearchClusterPlansInfo {
    let current = shown.then(|| ElasticsearchClusterPlanInfo {
        healthy: true,
        plan: ElasticsearchClusterPlan {
            cluster_topology: Vec::new(),
            elasticsearch: ElasticsearchConfiguration {
                version: cluster.engine_version.clone(),
            },
        },
        plan_attempt_log: Vec::new(),
        warnings: Vec::new(),
    });
    ElasticsearchClusterPlansInfo {
        healthy: true,
        current,
        history: Vec::new(),
    }
}

fn engine(seen: Option<&Observation>) -> ElasticsearchInfo {
    let reachable = seen.is_some_and(|seen| seen.reachable);
    let shards = seen
        .and_then(|seen| seen.health.as_deref())
        .is_some_and(|health| health != "red");
    let nodes = seen.map_or(&[][..], |seen| &seen.nodes);
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let master = |node: &ObservedNode| ElasticsearchMasterElement {
        master_node_id: node.id.clone(),
        master_instance_name: node.name.clone(),
        instances: names.clone(),
    };
    let masters: Vec<_> = nodes.iter().filter(|node| node.master).map(master).collect();
    let issue = |seen: &Observation| ElasticsearchClusterBlockingIssueElement {
        description: seen
            .problem
            .clone()
            .unwrap_or_else(|| "the engine does not answer".to_owned()),
        instances: Vec::new(),
    };
    let has_master = reachable && masters.len() == 1;
    ElasticsearchInfo {
        healthy: reachable && shards && has_master,
        shard_info: ElasticsearchShardsInfo {
            healthy: reachable && shards,
            available_shards: Vec::new(),
            unavailable_shards: Vec::new(),
            unavailable_replicas: Vec::new(),
        },
        master_info: ElasticsearchMasterInfo {
            healthy: has_master,
            masters,
            instances_with_no_master: Vec::new(),
        },
        blocking_issues: ElasticsearchClusterBlockingIssues {
            healthy: reachable,
            cluster_level: seen
                .filter(|seen| !seen.reachable)
                .map(issue)
                .into_iter()
                .collect(),
            index_level: Vec::new(),
        },
    }
}

fn topology(seen: Option<&Observation>) -> ClusterTopologyInfo {
    let reachable = seen.is_some_and(|seen| seen.reachable);
    let nodes = seen.map_or(&[][..], |seen| &seen.nodes);
    let instance = |node: &ObservedNode| ClusterInstanceInfo {
        instance_name: node.name.clone(),
        healthy: reachable,
        container_started: reachable,
        service_running: reachable,
        maintenance_mode: false,
        service_id: node.id.clone(),
        service_version: node.version.clone(),
        service_roles: node.roles.clone(),
    };
    ClusterTopologyInfo {
        healthy: reachable,
        instances: nodes.iter().map(instance).collect(),
    }
}

fn snapshots(seen: Option<&Observation>, http: &Http) -> SnapshotStatusInfo {
    let health = SnapshotHealth::of(seen, http);
    let summary = seen.map(|seen| seen.snapshots.clone()).unwrap_or_default();
    SnapshotStatusInfo {
        healthy: health.healthy,
        count: summary.count,
        latest_successful: summary.latest_successful,
        latest_status: summary.latest_status,
        latest_end_time: summary.latest_end_time.map(|at| at.to_string()),
        latest_successful_end_time: summary.latest_successful_end_time.map(|at| at.to_string()),
        recent_success: health.recent_success,
    }
}
