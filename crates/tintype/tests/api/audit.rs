//! The audit log as the API makes and shows it: for every route that changes something, what a change and what a
//! refusal leaves.

use crate::support::{Reply, Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tintype::http::auth::Permission;
use tintype::http::router::routes;
use tintype::model::Role;

const AUDIT: &str = "/api/tintype/v1/audit";
const NATIVE: &str = "/api/tintype/v1";

/// The rows that a request leaves, oldest first.
pub async fn rows_of(server: &Server, request: impl Future<Output = Reply>) -> (Reply, Vec<Value>) {
    let newest = server.get(&format!("{AUDIT}?limit=1")).await.body["entries"][0]["sequence"].clone();
    let reply = request.await;
    let all = server.get(AUDIT).await.body;
    let mut rows = all["entries"].as_array().unwrap().clone();
    rows.retain(|row| row["sequence"].as_i64() > newest.as_i64());
    rows.reverse();
    (reply, rows)
}

/// A server with the cluster `a1` and the default repository `main`.
pub async fn ready() -> Server {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let main = server.add_repository("main").await;
    server
        .app
        .store
        .set_default_repository(Some(&main.name))
        .await
        .unwrap();
    server
}

#[tokio::test]
async fn every_refusal_of_every_route_is_recorded_once() {
    let server = ready().await;
    server
        .add_user("viewer", &[Role::EceDeploymentViewer], true)
        .await;
    for route in routes()
        .iter()
        .filter(|route| route.permission != Permission::Public)
    {
        let path = route.paths()[0]
            .replace("{cluster_id}", "a1")
            .replace("{repository_name}", "main")
            .replace("{user_name}", "viewer")
            .replace("{user_id}", "viewer");
        let path = path.replace(['{', '}'], "");
        // A window of its own for each route, so that none is counted with the others.
        let server = server.fresh();
        let (reply, rows) = rows_of(
            &server,
            server.send(route.method.clone(), &path, "ApiKey tt_x_y", ""),
        )
        .await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(rows.len(), 1, "{} {path}", route.method);
        let row = &rows[0];
        assert_eq!(
            (
                &row["action"],
                &row["outcome"],
                &row["status"],
                &row["code"],
                &row["times"]
            ),
            (
                &json!("refused"),
                &json!("refused"),
                &json!(401),
                &json!(route.doc.unauthenticated_code()),
                &json!(1)
            )
        );
        assert!(
            row.get("principal").is_none() && row["route"] == route.paths()[0],
            "{row}"
        );
        assert_eq!(row["request"], reply.header("x-request-id"));
        if route.permission.granted_to(Role::EceDeploymentViewer) {
            continue;
        }
        let (_, rows) = rows_of(
            &server,
            server.send(route.method.clone(), &path, &key("viewer"), ""),
        )
        .await;
        assert_eq!(rows.len(), 1, "{} {path}", route.method);
        let row = &rows[0];
        assert_eq!(
            (&row["principal"], &row["status"]),
            (&json!("viewer"), &json!(403))
        );
        let target = match route.path.split('/').find(|part| part.starts_with('{')) {
            Some("{cluster_id}") => "a1",
            Some("{repository_name}") => "main",
            Some("{user_name}" | "{user_id}") => "viewer",
            _ => "",
        };
        assert_eq!(row["target"], target, "{} {path}", route.method);
    }
}

#[tokio::test]
async fn a_change_that_is_refused_says_why_and_a_read_that_finds_nothing_is_not_a_refusal() {
    let server = ready().await;
    let snapshots = format!("{NATIVE}/clusters/a1/snapshots");
    server.post(&snapshots, r#"{"name":"one"}"#).await;
    let (_, rows) = rows_of(&server, server.post(&snapshots, r#"{"name":"one"}"#)).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        (&rows[0]["status"], &rows[0]["code"], &rows[0]["target"]),
        (
            &json!(409),
            &json!("clusters.snapshot.name_conflict"),
            &json!("a1")
        )
    );
    let none = format!("{NATIVE}/clusters/none");
    let (_, rows) = rows_of(&server, server.get(&none)).await;
    assert!(rows.is_empty(), "{rows:?}");
    let (_, rows) = rows_of(&server, server.send(Method::DELETE, &none, &key("admin"), "")).await;
    assert_eq!(
        (&rows[0]["status"], &rows[0]["target"]),
        (&json!(404), &json!("")),
        "what is not there is not named"
    );
    let (_, rows) = rows_of(&server, server.post(&snapshots, "{")).await;
    assert!(
        rows.is_empty(),
        "a malformed request was not refused but not understood: {rows:?}"
    );
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_leaves_few_rows_that_count_them_all() {
    let server = Server::start().await;
    let wrong = "ApiKey tt_keyadmin_wrong";
    for _ in 0..100 {
        server.send(Method::GET, AUDIT, wrong, "").await;
    }
    let rows = server.get(&format!("{AUDIT}?outcome=refused")).await.body;
    let rows = rows["entries"].as_array().unwrap();
    let times: Vec<_> = rows.iter().map(|row| row["times"].as_u64().unwrap()).collect();
    assert_eq!(times, [&[40, 20, 10][..], &[1; 10]].concat());
}

#[tokio::test]
async fn the_log_is_paged_and_filtered() {
    let server = ready().await;
    for name in ["one", "two", "three"] {
        server
            .post(
                &format!("{NATIVE}/clusters/a1/snapshots"),
                format!(r#"{{"name":"{name}"}}"#),
            )
            .await;
    }
    server.send(Method::GET, AUDIT, "", "").await;
    let page = server.get(&format!("{AUDIT}?limit=3")).await.body;
    assert_eq!(page["entries"].as_array().unwrap().len(), 3);
    let rest = server
        .get(&format!(
            "{AUDIT}?limit=3&before={}",
            page["next"].as_str().unwrap()
        ))
        .await
        .body;
    assert_eq!(rest["entries"].as_array().unwrap().len(), 1);
    assert!(rest.get("next").is_none());
    for (query, number) in [
        ("outcome=done", 3),
        ("outcome=refused", 1),
        ("principal=admin", 3),
        ("action=start_operation&target=a1", 3),
        ("target=none", 0),
        ("since=2999-01-01T00:00:00Z", 0),
        ("since=2000-01-01T00:00:00Z", 4),
    ] {
        let found = server.get(&format!("{AUDIT}?{query}")).await.body;
        assert_eq!(found["entries"].as_array().unwrap().len(), number, "{query}");
    }
    for (query, field) in [
        ("outcome=x", "outcome"),
        ("since=x", "since"),
        ("before=x", "before"),
        ("limit=0", "limit"),
    ] {
        let reply = server.get(&format!("{AUDIT}?{query}")).await;
        assert_eq!((reply.status, reply.field()), (StatusCode::BAD_REQUEST, field));
    }
}
