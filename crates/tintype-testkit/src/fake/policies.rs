//! Snapshot policies as the vendors' documentation shows them: the distributions that tests can start lack the modules
//! behind both, so that this was not seen on a real engine.

use serde_json::{Map, Value, json};

use super::{
    Dialect,
    routes::{Reply, error},
    state::Cluster,
};

/// A policy of a fake engine: of SLM on Elasticsearch, of SM on OpenSearch.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// A cron expression.
    pub schedule: String,
    /// Where its snapshots go.
    pub repository: String,
    /// When its last good run ended, in milliseconds since 1970.
    pub last_success: Option<u64>,
    /// When its last failed run ended, and why it failed.
    pub last_failure: Option<(u64, String)>,
    /// When it runs next.
    pub next: u64,
}

impl Policy {
    fn slm(&self) -> Value {
        let mut shown = json!({
            "version": 1, "modified_date_millis": 1_556_048_137_314_u64, "next_execution_millis": self.next,
            "policy": {"schedule": self.schedule, "name": "<snap-{now/d}>", "repository": self.repository,
                "config": {"indices": ["*"], "ignore_unavailable": false, "include_global_state": false},
                "retention": {"expire_after": "30d", "min_count": 5, "max_count": 50}},
            "stats": {"policy": self.name, "snapshots_taken": 1, "snapshots_failed": 0, "snapshots_deleted": 0,
                "snapshot_deletion_failures": 0},
        });
        if let Some(at) = self.last_success {
            shown["last_success"] = json!({"snapshot_name": "snap-good", "start_time": at - 1, "time": at});
        }
        if let Some((at, cause)) = &self.last_failure {
            // The exception is a text, and cut after 1,000 characters.
            let details =
                json!({"type": "snapshot_exception", "reason": cause, "stack_trace": "x".repeat(2_000)});
            let details: String = details.to_string().chars().take(1_000).collect();
            shown["last_failure"] = json!({"snapshot_name": "snap-bad", "time": at, "details": details});
        }
        shown
    }

    fn sm(&self) -> Value {
        let cron = json!({"cron": {"expression": self.schedule, "timezone": "UTC"}});
        let policy = json!({
            "name": self.name, "description": "", "schema_version": 15, "enabled": true,
            "creation": {"schedule": cron, "time_limit": "1h"},
            "snapshot_config": {"indices": "*", "repository": self.repository, "partial": "true"},
            "schedule": {"interval": {"start_time": 1_656_425_122_909_u64, "period": 1, "unit": "Minutes"}},
            "last_updated_time": 1_656_425_122_909_u64, "enabled_time": 1_656_425_122_909_u64,
        });
        json!({"_id": format!("{}-sm-policy", self.name), "_seq_no": 44_696, "_primary_term": 19, "sm_policy": policy})
    }

    /// Only the latest run is known.
    fn explained(&self) -> Value {
        let mut creation = json!({"current_state": "CREATION_START", "trigger": {"time": self.next}});
        let failed = self
            .last_failure
            .as_ref()
            .filter(|(at, _)| Some(*at) > self.last_success);
        match (failed, self.last_success) {
            (Some((at, cause)), _) => {
                creation["latest_execution"] = json!({"status": "FAILED", "start_time": at - 1, "end_time": at,
                    "info": {"message": "Snapshot creation failed.", "cause": cause}});
            }
            (None, Some(at)) => {
                creation["latest_execution"] = json!({"status": "SUCCESS", "start_time": at - 1, "end_time": at,
                    "info": {"message": "Snapshot creation has finished successfully."}});
            }
            (None, None) => {}
        }
        json!({"name": self.name, "creation": creation, "policy_seq_no": 44_696, "policy_primary_term": 19,
            "enabled": true})
    }
}

/// `None`: the engine has no such handler.
pub(super) fn slm(cluster: &Cluster) -> Option<Reply> {
    let policies = cluster.policies.as_ref()?;
    if cluster.dialect.is_opensearch() || cluster.dialect == Dialect::Es6 {
        return None;
    }
    let shown: Map<String, Value> = policies.iter().map(|one| (one.name.clone(), one.slm())).collect();
    Some((200, shown.into()))
}

/// `None`: the engine has no such handler.
pub(super) fn sm(cluster: &Cluster) -> Option<Reply> {
    let policies = sm_policies(cluster)?;
    let shown: Vec<Value> = policies.iter().map(Policy::sm).collect();
    Some((200, json!({"total_policies": shown.len(), "policies": shown})))
}

/// `None`: the engine has no such handler.
pub(super) fn sm_explain(cluster: &Cluster) -> Option<Reply> {
    let policies = sm_policies(cluster)?;
    if policies.is_empty() {
        let reason = "Snapshot management config index not found";
        return Some(error(404, "status_exception", reason));
    }
    let shown: Vec<Value> = policies.iter().map(Policy::explained).collect();
    Some((200, json!({"policies": shown})))
}

fn sm_policies(cluster: &Cluster) -> Option<&[Policy]> {
    let has_plugin = matches!(cluster.dialect, Dialect::Os2 | Dialect::Os3);
    cluster.policies.as_deref().filter(|_| has_plugin)
}
