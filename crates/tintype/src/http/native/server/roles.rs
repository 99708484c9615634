//! `GET /roles`: the role that each access level needs on an engine, ready to paste.

use crate::http::openapi::Doc;
use crate::http::problem::ok;
use crate::model::AccessLevel;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

/// The roles of every access level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EngineRoles {
    /// From the least to the most.
    pub levels: Vec<EngineRole>,
}

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
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PutRole {
    /// The path.
    pub path: String,
    /// The body.
    #[schema(value_type = Object)]
    pub body: Value,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new(
        "get-engine-roles",
        "The role that each access level needs on an engine",
    )
    .answer::<EngineRoles>(200, "The roles.")
}

/// The handler.
pub async fn handle() -> Response {
    let levels = [AccessLevel::Observe, AccessLevel::Take, AccessLevel::Operate];
    ok(&EngineRoles {
        levels: levels.map(role).into(),
    })
}

fn role(access: AccessLevel) -> EngineRole {
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
    let mut cluster = vec!["monitor", "monitor_snapshot"];
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
