//! What the engine says about us and about its time: only reads.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::{Error, Refusal};
use crate::wire::client::Call;
use crate::wire::route::Route;

/// What the engine grants to the credentials that it is asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// Whose they are.
    pub user: String,
    /// Cluster privileges that were asked about and are not granted.
    pub missing_cluster: Vec<String>,
    /// Index privileges that were asked about and are not granted, each with its pattern.
    pub missing_indices: Vec<(String, String)>,
}

impl Engine {
    /// Which of the privileges that `asked` (an Elasticsearch role's `cluster` and `indices`) names are missing; `None`
    /// when security is off. Elasticsearch takes this question as a `GET` with a body as well as by `POST`, so that even
    /// here what [`crate::Access::Observe`] sends is a `GET`.
    pub async fn missing_privileges(&self, asked: &Value) -> Result<Option<Privileges>, Error> {
        let question = serde_json::json!({ "cluster": asked["cluster"], "index": asked["indices"] });
        let route = Route::new(&["_security", "user", "_has_privileges"]);
        let answer = match self.send(Call::get(route).json(question)).await {
            Err(error) if error.refusal().is_some_and(is_off) => return Ok(None),
            other => other?,
        };
        let body: HasPrivileges = answer.parse()?;
        let denied = |(name, granted): (String, bool)| (!granted).then_some(name);
        let of_pattern = |(pattern, privileges): (String, BTreeMap<String, bool>)| {
            let missing = privileges.into_iter().filter_map(denied);
            missing.map(|name| (pattern.clone(), name)).collect::<Vec<_>>()
        };
        Ok(Some(Privileges {
            user: body.username,
            missing_cluster: body.cluster.into_iter().filter_map(denied).collect(),
            missing_indices: body.index.into_iter().flat_map(of_pattern).collect(),
        }))
    }

    /// Reads a path, and nothing of the answer: whether it may be read at all.
    pub async fn try_read(&self, path: &[&str]) -> Result<(), Error> {
        let route = Route::new(path).query("filter_path", "nothing");
        self.send(Call::get(route).listing()).await.map(|_| ())
    }

    /// Each node's own time, in milliseconds since 1970, by the node's name.
    pub async fn node_times(&self) -> Result<BTreeMap<String, i64>, Error> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            nodes: BTreeMap<String, NodeTime>,
        }
        #[derive(Deserialize)]
        struct NodeTime {
            name: Option<String>,
            timestamp: i64,
        }
        let route =
            Route::new(&["_nodes", "stats", "jvm"]).query("filter_path", "nodes.*.name,nodes.*.timestamp");
        let body: Body = self.send(Call::get(route).listing()).await?.parse()?;
        let named = |(id, node): (String, NodeTime)| (node.name.unwrap_or(id), node.timestamp);
        Ok(body.nodes.into_iter().map(named).collect())
    }
}

/// There is no security: its API is not there, or says so.
fn is_off(no: &Refusal) -> bool {
    let words = ["security is not enabled", "security must be explicitly enabled"];
    let said = no.reason.to_lowercase();
    matches!(no.status, 400 | 404 | 405) || words.iter().any(|words| said.contains(words))
}

#[derive(Deserialize)]
struct HasPrivileges {
    #[serde(default)]
    username: String,
    #[serde(default)]
    cluster: BTreeMap<String, bool>,
    #[serde(default)]
    index: BTreeMap<String, BTreeMap<String, bool>>,
}
