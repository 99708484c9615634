//! The role that each access level needs on an engine, ready to paste.

use crate::model::AccessLevel;
use serde::Serialize;
use serde_json::{Value, json};

/// The action that reads Elasticsearch's snapshot policies.
pub const SLM: &str = "cluster:admin/slm/get";

/// What an access level needs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EngineRole {
    /// The level.
    pub access: AccessLevel,
    /// For Elasticsearch.
    pub elasticsearch: PutRole,
    /// For OpenSearch.
    pub opensearch: PutRole,
}

/// A request to send to the engine as its administrator: `PUT {path}` with `body`.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PutRole {
    /// The path.
    pub path: String,
    /// The body.
    #[schema(value_type = Object)]
    pub body: Value,
}

/// The roles of a level.
pub fn role(access: AccessLevel) -> EngineRole {
    let name = format!("tintype-{}", access.as_str());
    EngineRole {
        access,
        elasticsearch: PutRole {
            path: format!("/_security/role/{name}"),
            body: elasticsearch(access),
        },
        opensearch: PutRole {
            path: format!("/_plugins/_security/api/roles/{name}"),
            body: opensearch(access),
        },
    }
}

fn elasticsearch(access: AccessLevel) -> Value {
    // An action's own name, since `read_slm` is a role's error on versions without SLM.
    let mut cluster = vec!["monitor", "monitor_snapshot", SLM];
    if access >= AccessLevel::Take {
        cluster.push("create_snapshot");
    }
    if access >= AccessLevel::Operate {
        cluster.extend(["cluster:admin/snapshot/*", "cluster:admin/repository/*"]);
    }
    // Snapshots hold system indices too, and they are compared with a listing.
    json!({ "cluster": cluster, "indices": [{
        "names": ["*"], "privileges": ["monitor", "view_index_metadata"], "allow_restricted_indices": true
    }] })
}

fn opensearch(access: AccessLevel) -> Value {
    let mut cluster = vec![
        "cluster_monitor",
        "cluster:admin/repository/get",
        "cluster:admin/snapshot/get",
        "cluster:admin/snapshot/status",
        "cluster:admin/opensearch/snapshot_management/policy/search",
        "cluster:admin/opensearch/snapshot_management/policy/explain",
    ];
    let mut index = vec![
        "indices_monitor",
        "indices:admin/get",
        "indices:admin/aliases/get",
    ];
    if access >= AccessLevel::Take {
        cluster.push("cluster:admin/snapshot/create");
    }
    if access >= AccessLevel::Operate {
        cluster.extend(["cluster:admin/snapshot/*", "cluster:admin/repository/*"]);
        index.extend(["indices:admin/create", "indices:data/write/index"]);
    }
    json!({ "cluster_permissions": cluster,
            "index_permissions": [{ "index_patterns": ["*"], "allowed_actions": index }] })
}
