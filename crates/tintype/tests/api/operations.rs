//! The snapshot call up to the engine's answer, and operations as clients see them. Nothing carries them here: a take
//! is answered when the wait for its engine is over.

use crate::description::{Definition, conforms};
use crate::support::{Reply, Server, key};
use http::{Method, Request, StatusCode};
use serde_json::json;

const SNAPSHOT: &str = "/api/v1/clusters/elasticsearch/a1/_snapshot";
const NATIVE: &str = "/api/tintype/v1";

async fn ready() -> Server {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let repository = server.add_repository("main").await;
    server
        .app
        .store
        .set_default_repository(Some(&repository.name))
        .await
        .unwrap();
    server
}

async fn take(server: &Server, path: &str, key_header: &str, body: &str) -> Reply {
    let request = Request::post(path)
        .header("authorization", key("admin"))
        .header("idempotency-key", key_header);
    server
        .request(request.body(body.to_owned().into()).unwrap())
        .await
}

#[tokio::test]
async fn a_take_is_202_with_its_operation_in_the_headers() {
    let server = ready().await;
    let reply = server.post(SNAPSHOT, r#"{"name":"nightly"}"#).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.body);
    conforms(&reply.body, Definition("ClusterSnapshotResponse"));
    assert_eq!(reply.body, json!({"name": "nightly"}));
    let id = reply.header("x-tintype-operation");
    assert_eq!(reply.header("location"), format!("{NATIVE}/operations/{id}"));
    let operation = server.get(reply.header("location")).await.body;
    assert_eq!(
        (&operation["status"], &operation["step"]),
        (&json!("queued"), &json!("preparing"))
    );
    assert_eq!(
        (&operation["requested_by"], &operation["queue_position"]),
        (&json!("admin"), &json!(0))
    );
    assert_eq!(operation["parameters"]["name"], "nightly");
}

#[tokio::test]
async fn absent_empty_and_null_bodies_get_a_name() {
    let server = ready().await;
    for body in [
        "",
        "{}",
        "{}\n",
        "null",
        r#"{"name":null,"repository_name":null,"username":null,"password":null}"#,
    ] {
        let request = Request::post(SNAPSHOT).header("authorization", key("admin"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let reply = server.request(request.body(body.into()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{body:?}: {}", reply.body);
        assert!(reply.body["name"].as_str().unwrap().starts_with("tintype-"));
    }
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let server = Server::start().await;
    let none = "/api/v1/clusters/elasticsearch/none/_snapshot";
    let reply = server.send(Method::POST, none, "", "{").await;
    assert_eq!(reply.code(), "root.unauthenticated");
    let reply = server.post(none, "{").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::NOT_FOUND, "clusters.cluster_not_found")
    );
    server.add_cluster("a1").await;
    let reply = server
        .post(SNAPSHOT, r#"{"name":"A","repository_name":"none"}"#)
        .await;
    assert_eq!((reply.status, reply.field()), (StatusCode::BAD_REQUEST, "name"));
    let reply = server.post(SNAPSHOT, "{}").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::NOT_FOUND, "clusters.snapshot.repository_not_found")
    );
}

#[tokio::test]
async fn a_storage_password_that_cannot_be_checked_is_401_by_its_own_code() {
    let server = ready().await;
    let reply = server
        .post(SNAPSHOT, r#"{"username":"u","password":"engine-pass"}"#)
        .await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::UNAUTHORIZED, "clusters.snapshot.invalid_credentials")
    );
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let server = ready().await;
    assert_eq!(
        server.post(SNAPSHOT, r#"{"name":"nightly"}"#).await.status,
        StatusCode::ACCEPTED
    );
    let reply = server
        .post(
            &format!("{NATIVE}/clusters/a1/snapshots"),
            r#"{"name":"nightly"}"#,
        )
        .await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::CONFLICT, "clusters.snapshot.name_conflict")
    );
}

#[tokio::test]
async fn the_same_key_and_body_are_the_same_operation_under_every_path() {
    let server = ready().await;
    let first = take(&server, SNAPSHOT, "key-1", r#"{"name":"nightly"}"#).await;
    let id = first.header("x-tintype-operation").to_owned();
    let regional = SNAPSHOT.replace("/api/v1/", "/api/v1/regions/ece-region/");
    let native = format!("{NATIVE}/clusters/a1/snapshots");
    for path in [SNAPSHOT, &regional, &native] {
        let again = take(
            &server,
            path,
            "key-1",
            " {\"username\":null,\"name\" : \"nightly\"}",
        )
        .await;
        assert_eq!(
            (again.status, again.header("x-tintype-operation")),
            (StatusCode::ACCEPTED, id.as_str()),
            "{path}"
        );
    }
    let other = take(&server, SNAPSHOT, "key-1", r#"{"name":"weekly"}"#).await;
    assert_eq!(
        (other.status, other.code()),
        (StatusCode::CONFLICT, "idempotency.key_reused")
    );
    server.add_cluster("b2").await;
    let elsewhere = take(
        &server,
        &SNAPSHOT.replace("a1", "b2"),
        "key-1",
        r#"{"name":"weekly"}"#,
    )
    .await;
    assert_eq!(elsewhere.status, StatusCode::ACCEPTED, "{}", elsewhere.body);
    for bad in ["", "a b", &"x".repeat(256)] {
        let reply = take(&server, SNAPSHOT, bad, "{}").await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, "Idempotency-Key"),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn operations_are_listed_filtered_paged_and_cancelled() {
    let server = ready().await;
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        let reply = server
            .post(
                &format!("{NATIVE}/clusters/a1/snapshots"),
                format!(r#"{{"name":"{name}"}}"#),
            )
            .await;
        assert_eq!(
            (reply.status, &reply.body["kind"]),
            (StatusCode::ACCEPTED, &json!("take_snapshot"))
        );
        ids.push(reply.body["id"].as_str().unwrap().to_owned());
    }
    let listed = async |query: &str| -> (Vec<String>, Option<String>) {
        let body = server.get(&format!("{NATIVE}/operations{query}")).await.body;
        let found = body["operations"].as_array().unwrap().iter();
        (
            found.map(|one| one["id"].as_str().unwrap().to_owned()).collect(),
            body["next"].as_str().map(str::to_owned),
        )
    };
    let newest: Vec<_> = ids.iter().rev().cloned().collect();
    assert_eq!(listed("").await, (newest.clone(), None));
    assert_eq!(
        listed("?limit=2").await,
        (newest[..2].to_vec(), Some(newest[1].clone()))
    );
    assert_eq!(listed(&format!("?before={}", newest[1])).await.0, newest[2..]);
    assert_eq!(listed("?kind=restore_snapshot").await.0, Vec::<String>::new());
    assert_eq!(
        listed("?kind=restore_snapshot,take_snapshot&status=queued&cluster=a1")
            .await
            .0,
        newest
    );
    for (query, field) in [
        ("kind=x", "kind"),
        ("status=done", "status"),
        ("cluster=a%2Fb", "cluster"),
        ("limit=0", "limit"),
    ] {
        let reply = server.get(&format!("{NATIVE}/operations?{query}")).await;
        assert_eq!((reply.status, reply.field()), (StatusCode::BAD_REQUEST, field));
    }
    let path = format!("{NATIVE}/operations/{}", ids[0]);
    let events = server.get(&format!("{path}/events?after=0&limit=10")).await.body;
    assert_eq!(events["events"][0]["sequence"], 1);
    let cancelled = server.post(&format!("{path}/_cancel"), "").await;
    assert_eq!(
        (cancelled.status, &cancelled.body["cancel_requested"]),
        (StatusCode::ACCEPTED, &json!(true))
    );
    for path in ["", "/events"] {
        let reply = server.get(&format!("{NATIVE}/operations/none{path}")).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "operations.not_found")
        );
    }
}

#[tokio::test]
async fn what_needs_no_credentials_answers_without() {
    let server = Server::start().await;
    let version = server
        .send(Method::GET, &format!("{NATIVE}/version"), "", "")
        .await
        .body;
    assert_eq!(
        (&version["version"], &version["region"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!("ece-region"))
    );
    let methods = server
        .send(Method::GET, "/api/v1/users/auth/methods", "ApiKey wrong", "")
        .await;
    conforms(&methods.body, Definition("AvailableAuthenticationMethods"));
    let roles = server.get(&format!("{NATIVE}/roles")).await.body;
    let cluster = |level: usize| roles["levels"][level]["elasticsearch"]["body"]["cluster"].clone();
    let observe = ["monitor", "monitor_snapshot", "cluster:admin/slm/get"];
    assert_eq!(cluster(0), json!(observe));
    assert_eq!(
        cluster(1),
        json!([observe[0], observe[1], observe[2], "create_snapshot"])
    );
    assert!(
        cluster(2)
            .as_array()
            .unwrap()
            .contains(&json!("cluster:admin/repository/*"))
    );
}
