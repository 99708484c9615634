//! A cluster as the native API shows it: everything but secrets.

use super::inventory::InventoryView;
use crate::http::Http;
use crate::http::observe::SnapshotHealth;
use crate::http::problem::Result;
use crate::model::observation::Stray;
use crate::model::{AccessLevel, Cluster, ClusterId, EngineAuth, Observation};
use crate::operations::writers::SharedLocation;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A cluster.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cluster)]
pub struct ClusterView {
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
    /// The engine's address.
    pub url: String,
    /// What may be sent to it.
    pub access: AccessLevel,
    /// How Tintype proves itself.
    pub auth: AuthView,
    /// The pinned `cluster_uuid`.
    pub uuid: String,
    /// `elasticsearch` or `opensearch`.
    pub distribution: String,
    /// The engine's version, when it was last asked.
    pub engine_version: String,
    /// Own certificate authorities are set.
    pub ca_set: bool,
    /// The only server certificate trusted, SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Credentials may cross plain HTTP beyond loopback.
    pub allow_plain_http: bool,
    /// The platform repository; the platform's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The repository's name on the engine; the platform's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_repository: Option<String>,
    /// The location under the platform repository; the cluster's id when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Attached at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Changed at.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Counts changes, from 1.
    pub version: i64,
    /// The last look; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observation: Option<ObservationView>,
    /// Locations that this cluster and another writable registration both write to: a danger to both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub shared_locations: Vec<SharedLocation>,
}

/// How Tintype proves itself to an engine.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthView {
    /// The type.
    #[serde(rename = "type")]
    pub kind: EngineAuth,
    /// The user of `basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// What was last seen of a cluster.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Observation)]
pub struct ObservationView {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The engine answered, and is the one that was pinned.
    pub reachable: bool,
    /// Why it was not reachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// `green`, `yellow` or `red`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// The number of nodes.
    pub nodes: usize,
    /// The snapshots in its configured repository.
    pub snapshots: SnapshotsView,
    /// The newest finished attempt is good, and `recent_success`, and the engine answers.
    pub healthy: bool,
    /// A good snapshot ended within the configured window.
    pub recent_success: bool,
    /// Seconds since the newest good snapshot ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good_age_seconds: Option<i64>,
    /// Snapshots that late requests brought after their operations had ended: reported, and left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub strays: Vec<Stray>,
    /// What its repositories hold, whoever made it; shown of a single cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventoryView>,
}

/// The snapshots in a cluster's configured repository, whoever took them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotsView {
    /// How many.
    pub count: u32,
    /// The newest attempt, in the engine's word.
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
    /// The newest good snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_successful_name: Option<String>,
}

impl ClusterView {
    /// With its last observation and the inventory in it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(cluster: Cluster, http: &Http) -> Result<Self> {
        let mut seen = http.app.store.observation(&cluster.id).await?;
        let inventory = seen.as_mut().and_then(|seen| seen.inventory.take());
        let username = usernames(std::slice::from_ref(&cluster), http)
            .await?
            .remove(&cluster.id);
        let mut view = Self::new(cluster, seen, username, http);
        if let Some(shown) = &mut view.observation {
            shown.inventory = inventory.map(|inventory| InventoryView::new(inventory, http.app.clock.now()));
        }
        Ok(view)
    }

    /// A page, each with its last observation, without inventories.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(clusters: Vec<Cluster>, http: &Http) -> Result<Vec<Self>> {
        let ids: Vec<_> = clusters.iter().map(|cluster| cluster.id.clone()).collect();
        let mut seen = http.app.store.observations(&ids).await?;
        let mut usernames = usernames(&clusters, http).await?;
        let view = |cluster: Cluster| {
            let (seen, username) = (seen.remove(&cluster.id), usernames.remove(&cluster.id));
            Self::new(cluster, seen, username, http)
        };
        Ok(clusters.into_iter().map(view).collect())
    }

    fn new(cluster: Cluster, seen: Option<Observation>, username: Option<String>, http: &Http) -> Self {
        let shared_locations = http.app.operations.shared_locations(&cluster.id);
        Self {
            id: cluster.id.into(),
            name: cluster.name,
            url: cluster.url,
            access: cluster.access,
            auth: AuthView {
                kind: cluster.auth,
                username,
            },
            uuid: cluster.uuid,
            distribution: cluster.distribution,
            engine_version: cluster.engine_version,
            ca_set: cluster.ca.is_some(),
            fingerprint: cluster.fingerprint,
            allow_plain_http: cluster.allow_plain_http,
            repository: cluster.repository.map(Into::into),
            engine_repository: cluster.engine_repository.map(Into::into),
            location: cluster.location,
            created_at: cluster.created_at.to_string(),
            updated_at: cluster.updated_at.to_string(),
            version: cluster.version,
            observation: seen.map(|seen| ObservationView::new(seen, http)),
            shared_locations,
        }
    }
}

/// The users' names are kept among the secrets, so they are asked for where there are some.
async fn usernames(clusters: &[Cluster], http: &Http) -> Result<HashMap<ClusterId, String>> {
    let basic = clusters
        .iter()
        .filter(|cluster| cluster.auth == EngineAuth::Basic);
    let ids: Vec<_> = basic.map(|cluster| cluster.id.clone()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(http.app.store.cluster_usernames(&ids).await?)
}

impl ObservationView {
    fn new(seen: Observation, http: &Http) -> Self {
        let health = SnapshotHealth::of(Some(&seen), http);
        let snapshots = seen.snapshots;
        Self {
            at: seen.at.to_string(),
            reachable: seen.reachable,
            problem: seen.problem,
            health: seen.health,
            nodes: seen.nodes.len(),
            snapshots: SnapshotsView {
                count: snapshots.count,
                latest_status: snapshots.latest_status,
                latest_end_time: snapshots.latest_end_time.map(|at| at.to_string()),
                latest_successful_end_time: snapshots.latest_successful_end_time.map(|at| at.to_string()),
                latest_successful_name: snapshots.latest_successful_name,
            },
            healthy: health.healthy,
            recent_success: health.recent_success,
            last_good_age_seconds: health.last_good_age_seconds,
            strays: seen.strays,
            inventory: None,
        }
    }
}
