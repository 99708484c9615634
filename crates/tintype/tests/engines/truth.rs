//! What the engine itself says, asked as its superuser past everything under test.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::rig::Rig;

impl Rig {
    /// An answer of 200 to a raw request.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.engine.http(method, path, body).await.unwrap();
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// The cluster's uuid.
    pub async fn uuid(&self) -> String {
        let path = "/_cluster/state/version?filter_path=cluster_uuid";
        let state = self.ask("GET", path, Value::Null).await;
        state["cluster_uuid"].as_str().unwrap().to_owned()
    }

    /// Every snapshot of a repository.
    pub async fn snapshots(&self, repository: &str) -> Vec<Value> {
        let listed = self
            .ask("GET", &format!("/_snapshot/{repository}/_all"), Value::Null)
            .await;
        listed["snapshots"].as_array().unwrap().clone()
    }

    /// The names in a repository.
    pub async fn snapshot_names(&self, repository: &str) -> Vec<String> {
        let snapshots = self.snapshots(repository).await;
        let name = |one: &Value| one["snapshot"].as_str().unwrap().to_owned();
        snapshots.iter().map(name).collect()
    }

    /// The engine's word on the only snapshot of a repository.
    pub async fn only_snapshot(&self, repository: &str) -> Value {
        let mut found = self.snapshots(repository).await;
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// A registration as it is; null when there is none.
    pub async fn registration(&self, repository: &str) -> Value {
        let path = format!("/_snapshot/{repository}");
        match self.engine.http("GET", &path, Value::Null).await.unwrap() {
            (200, answer) => answer[repository].clone(),
            (404, _) => Value::Null,
            (status, answer) => panic!("{status} {answer}"),
        }
    }

    /// Registers a `fs` repository behind Tintype's back.
    pub async fn register(&self, repository: &str, settings: Value) {
        let body = json!({"type": "fs", "settings": settings});
        self.ask("PUT", &format!("/_snapshot/{repository}?verify=false"), body)
            .await;
    }

    /// Takes a snapshot behind Tintype's back, to its end.
    pub async fn snapshot(&self, repository: &str, name: &str, indices: &str) {
        let _still = self.still().await;
        let path = format!("/_snapshot/{repository}/{name}?wait_for_completion=true");
        let body = json!({"indices": indices, "include_global_state": false});
        let answer = self.ask("PUT", &path, body).await;
        assert_eq!(answer["snapshot"]["state"], "SUCCESS", "{answer}");
    }

    /// Every index, closed and hidden ones included.
    pub async fn indices(&self) -> BTreeSet<String> {
        let path = "/_cluster/state/metadata?filter_path=metadata.indices.*.state";
        let state = self.ask("GET", path, Value::Null).await;
        let indices = state["metadata"]["indices"].as_object();
        indices.into_iter().flat_map(|all| all.keys().cloned()).collect()
    }

    /// Every document of an index by its id.
    pub async fn documents(&self, index: &str) -> BTreeMap<String, Value> {
        let found = self
            .ask("GET", &format!("/{index}/_search?size=1000"), Value::Null)
            .await;
        let hits = found["hits"]["hits"].as_array().unwrap();
        hits.iter()
            .map(|hit| (hit["_id"].as_str().unwrap().to_owned(), hit["_source"].clone()))
            .collect()
    }
}
