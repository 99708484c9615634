//! The calls that speak to an engine, over a fake one, as a client sends them.

use crate::description::{Definition, conforms};
use crate::support::{Reply, Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tintype_testkit::fake::{Dialect, FakeEngine, Index};
use tokio_util::sync::{CancellationToken, DropGuard};

const CLUSTERS: &str = "/api/tintype/v1/clusters";
const ECE: &str = "/api/v1/clusters/elasticsearch";

pub struct Fleet {
    pub server: Server,
    engine: FakeEngine,
    _running: DropGuard,
}

pub async fn fleet(access: &str) -> Fleet {
    let server = Server::start().await;
    let engine = FakeEngine::start(Dialect::Os2).unwrap();
    engine.add_index("flights", Index::default());
    let stop = CancellationToken::new();
    let operations = server.app.operations.clone();
    tokio::spawn({
        let stop = stop.clone();
        async move { operations.run(stop).await }
    });
    let repository = r#"{"type":"fs","settings":{"location":"/backups"},"default":true}"#;
    let reply = server
        .send(
            Method::PUT,
            "/api/tintype/v1/repositories/main",
            &key("admin"),
            repository,
        )
        .await;
    assert_eq!(reply.body["default"], true, "{}", reply.body);
    let body = json!({"id": "f1", "name": "flights", "url": engine.url(), "access": access});
    let reply = server.post(CLUSTERS, body.to_string()).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
    assert_eq!(
        (&reply.body["id"], &reply.body["uuid"]),
        (&json!("f1"), &json!(engine.uuid()))
    );
    Fleet {
        server,
        engine,
        _running: stop.drop_guard(),
    }
}

impl Fleet {
    /// The cluster once so many snapshots were seen: the look that follows an operation comes a moment after its end.
    async fn seen(&self, count: u32) -> Value {
        for _ in 0..500 {
            let shown = self.server.get(&format!("{ECE}/f1")).await.body;
            if shown["snapshots"]["count"] == count {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{count} snapshots were never seen")
    }

    /// The operation once it has ended.
    async fn ended(&self, reply: &Reply) -> Value {
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.body);
        loop {
            let operation = self.server.get(reply.header("location")).await.body;
            if operation.get("finished_at").is_some() {
                return operation;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_snapshot_is_taken_seen_and_restored() {
    let fleet = fleet("operate").await;
    let server = &fleet.server;
    let taken = server
        .post(&format!("{ECE}/f1/_snapshot"), r#"{"name":"first"}"#)
        .await;
    let operation = fleet.ended(&taken).await;
    assert_eq!(
        (&operation["status"], &operation["outcome"]["good"]),
        (&json!("succeeded"), &json!(true))
    );

    let shown = fleet.seen(1).await;
    conforms(&shown, Definition("ElasticsearchClusterInfo"));
    assert_eq!(shown["snapshots"]["healthy"], true);
    let registrations = server.get(&format!("{CLUSTERS}/f1/registrations")).await.body;
    assert_eq!(registrations["registrations"][0]["platform_repository"], "main");
    let list = server
        .get(&format!("{CLUSTERS}/f1/snapshots?repository=main"))
        .await
        .body;
    assert_eq!(list["snapshots"][0]["name"], "first");
    let one = server
        .get(&format!("{CLUSTERS}/f1/snapshots/main/first"))
        .await
        .body;
    assert_eq!(
        (&one["good"], &one["operation"]),
        (&json!(true), &operation["id"])
    );
    let none = server.get(&format!("{CLUSTERS}/f1/snapshots/main/none")).await;
    assert_eq!(
        (none.status, none.code()),
        (StatusCode::NOT_FOUND, "clusters.snapshot.not_found")
    );

    let path = format!("{CLUSTERS}/f1/snapshots/main/first/_restore");
    let restored = server
        .post(&path, r#"{"indices":["flights"],"rename_prefix":"restored-"}"#)
        .await;
    assert_eq!(restored.status, StatusCode::ACCEPTED, "{}", restored.body);
    fleet.engine.finish_restores();
    assert_eq!(fleet.ended(&restored).await["status"], "succeeded");
    assert!(fleet.engine.indices().contains(&"restored-flights".to_owned()));
}

#[tokio::test]
async fn the_access_level_forbids_by_the_code_of_roles() {
    let fleet = fleet("observe").await;
    let reply = fleet
        .server
        .post(&format!("{ECE}/f1/_snapshot"), r#"{"name":"first"}"#)
        .await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::FORBIDDEN, "root.unauthorized.rbac")
    );
    assert!(reply.message().contains("observe"), "{}", reply.message());
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_null_unsets() {
    let fleet = fleet("observe").await;
    let path = format!("{CLUSTERS}/f1");
    let change = async |body: &str| {
        fleet
            .server
            .send(Method::PATCH, &path, &key("admin"), body.to_owned())
            .await
    };
    let reply = change(r#"{"repository":"main","location":"elsewhere","access":"take"}"#).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let reply = change(r#"{"location":null,"name":null}"#).await;
    let body = reply.body;
    assert_eq!(
        (&body["repository"], &body["access"]),
        (&json!("main"), &json!("take")),
        "{body}"
    );
    assert_eq!((&body["name"], body.get("location")), (&json!("flights"), None));
    let again = json!({"url": fleet.engine.url(), "access": "observe"}).to_string();
    let reply = fleet.server.post(CLUSTERS, again).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::CONFLICT, "root.conflict"),
        "{}",
        reply.body
    );
}
