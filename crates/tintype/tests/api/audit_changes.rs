//! The audit log's rows of every route that changes something.

use crate::audit::{ready, rows_of};
use crate::audit_own;
use crate::support::{Server, key};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tintype::http::router::routes;
use tintype::model::{Role, TotpSecret};

const ECE: &str = "/api/v1";
const NATIVE: &str = "/api/tintype/v1";

/// A request, and the rows that it leaves as (action, target, detail's beginning).
struct Success {
    method: Method,
    route: &'static str,
    path: &'static str,
    body: &'static str,
    rows: &'static [(&'static str, &'static str, &'static str)],
}

macro_rules! success {
    ($method:ident $route:literal $path:literal $body:literal $rows:expr) => {
        Success {
            method: Method::$method,
            route: $route,
            path: $path,
            body: $body,
            rows: $rows,
        }
    };
}

/// One for each route that changes something and can do so without an engine. `{key}`, `{operation}` and `{webhook}` are
/// ids of what was made before it, `{made}` is the answer's; `b1` and `u1` are there each time.
#[rustfmt::skip]
fn successes() -> Vec<Success> {
    vec![
        success!(POST "/clusters/elasticsearch/{cluster_id}/_snapshot" "/clusters/elasticsearch/a1/_snapshot" r#"{"name":"one"}"#
            &[("start_operation", "a1", "take_snapshot ")]),
        success!(POST "/clusters/elasticsearch/_search" "/clusters/elasticsearch/_search" "{}" &[]),
        success!(PUT "/clusters/elasticsearch/{cluster_id}/metadata/name/{new_name}" "/clusters/elasticsearch/a1/metadata/name/n1" ""
            &[("update_cluster", "a1", "changed name")]),
        success!(PATCH "/clusters/elasticsearch/{cluster_id}/metadata/settings" "/clusters/elasticsearch/a1/metadata/settings" r#"{"name":"n2"}"#
            &[("update_cluster", "a1", "changed name")]),
        success!(PATCH "/clusters/elasticsearch/{cluster_id}/snapshot/settings" "/clusters/elasticsearch/a1/snapshot/settings" r#"{"repository_name":"main"}"#
            &[("update_cluster", "a1", "changed repository")]),
        success!(PUT "/platform/configuration/snapshots/repositories/{repository_name}" "/platform/configuration/snapshots/repositories/other" r#"{"type":"fs","settings":{"location":"/x"}}"#
            &[("put_repository", "other", "")]),
        success!(DELETE "/platform/configuration/snapshots/repositories/{repository_name}" "/platform/configuration/snapshots/repositories/other" ""
            &[("delete_repository", "other", "")]),
        success!(POST "/users/auth/keys" "/users/auth/keys" r#"{"description":"d"}"#
            &[("create_api_key", "admin/{made}", "")]),
        success!(DELETE "/users/auth/keys/{api_key_id}" "/users/auth/keys/{key}" ""
            &[("delete_api_keys", "admin/{key}", "")]),
        success!(DELETE "/users/auth/keys" "/users/auth/keys" r#"{"keys":["{key}"]}"#
            &[("delete_api_keys", "admin/{key}", "")]),
        success!(DELETE "/users/auth/keys/_all" "/users/auth/keys/_all" r#"{"user_api_keys":[{"user_id":"u1","api_key_id":"keyu1"},{"user_id":"none","api_key_id":"x"},{"user_id":"admin","api_key_id":"{key}"}]}"#
            &[("delete_api_keys", "", "admin/{key}, u1/keyu1")]),
        success!(DELETE "/users/{user_id}/auth/keys" "/users/u1/auth/keys" ""
            &[("delete_api_keys_of", "u1", "")]),
        success!(DELETE "/users/{user_id}/auth/keys/{api_key_id}" "/users/u1/auth/keys/keyu1" ""
            &[("delete_api_keys", "u1/keyu1", "")]),
        success!(PATCH "/user" "/user" r#"{"full_name":"Ada"}"#
            &[("change_user", "admin", "")]),
        success!(POST "/users" "/users" r#"{"user_name":"u2","security":{"password":"a-long-enough-password","roles":[]}}"#
            &[("create_user", "u2", "")]),
        success!(PATCH "/users/{user_name}" "/users/u1" r#"{"security":{"password":"a-long-enough-password"}}"#
            &[("change_user", "u1", "")]),
        success!(DELETE "/users/{user_name}" "/users/u1" ""
            &[("delete_user", "u1", "")]),
        success!(DELETE "/users/{user_name}/totp" "/users/u1/totp" ""
            &[("remove_totp", "u1", "")]),
        success!(PATCH "/clusters/{cluster_id}" "/clusters/a1" r#"{"name":"b","location":"/b"}"#
            &[("update_cluster", "a1", "changed name, location")]),
        success!(PUT "/clusters/{cluster_id}/alert" "/clusters/a1/alert" r#"{"max_age_seconds":60}"#
            &[("set_max_age", "a1", "")]),
        success!(POST "/clusters/{cluster_id}/_doctor" "/clusters/a1/_doctor" "" &[]),
        success!(POST "/clusters/{cluster_id}/snapshots" "/clusters/a1/snapshots" r#"{"name":"two"}"#
            &[("start_operation", "a1", "take_snapshot ")]),
        success!(POST "/clusters/{cluster_id}/registrations" "/clusters/a1/registrations" r#"{"repository":"main"}"#
            &[("start_operation", "a1", "register_repository ")]),
        success!(PUT "/repositories/{repository_name}" "/repositories/third" r#"{"type":"fs","settings":{"location":"/y"},"default":true}"#
            &[("put_repository", "third", ""), ("set_default_repository", "third", "")]),
        success!(PUT "/repositories/{repository_name}/reader" "/repositories/third/reader" r#"{"url":"file:///nowhere"}"#
            &[("put_reader", "third", "")]),
        success!(POST "/repositories/{repository_name}/verifications" "/repositories/third/verifications" r#"{"cluster_id":"a1"}"#
            &[("start_operation", "third", "verify_repository ")]),
        success!(PUT "/repositories/{repository_name}/verification-schedule" "/repositories/third/verification-schedule" r#"{"every_seconds":3600}"#
            &[("put_verification_schedule", "third", "")]),
        success!(DELETE "/repositories/{repository_name}/verification-schedule" "/repositories/third/verification-schedule" ""
            &[("delete_verification_schedule", "third", "")]),
        success!(POST "/attest-keys" "/attest-keys" ""
            &[("create_attest_key", "{made}", "")]),
        success!(POST "/attest-keys/_rotate" "/attest-keys/_rotate" ""
            &[("rotate_attest_key", "{made}", "")]),
        success!(DELETE "/repositories/{repository_name}/reader" "/repositories/third/reader" ""
            &[("put_reader", "third", "")]),
        success!(DELETE "/repositories/{repository_name}" "/repositories/third" ""
            &[("delete_repository", "third", "")]),
        success!(POST "/operations/{operation_id}/_cancel" "/operations/{operation}/_cancel" ""
            &[("request_cancel", "{operation}", "take_snapshot on cluster a1")]),
        success!(POST "/webhooks" "/webhooks" r#"{"url":"https://hooks.example/tintype"}"#
            &[("create_webhook", "{made}", "")]),
        success!(PATCH "/webhooks/{webhook_id}" "/webhooks/{webhook}" r#"{"clusters":["a1"]}"#
            &[("update_webhook", "{webhook}", "")]),
        success!(POST "/webhooks/{webhook_id}/_test" "/webhooks/{webhook}/_test" ""
            &[("test_webhook", "{webhook}", "")]),
        success!(DELETE "/webhooks/{webhook_id}" "/webhooks/{webhook}" ""
            &[("delete_webhook", "{webhook}", "")]),
        success!(DELETE "/clusters/elasticsearch/{cluster_id}" "/clusters/elasticsearch/b1" ""
            &[("detach_cluster", "b1", "")]),
        success!(DELETE "/clusters/{cluster_id}" "/clusters/b1" ""
            &[("detach_cluster", "b1", "")]),
    ]
}

/// These ask an engine first: `tests/canaries` has one, and looks for their rows.
const ELSEWHERE: [(Method, &str); 4] = [
    (Method::POST, "/clusters/elasticsearch"),
    (Method::POST, "/clusters"),
    (
        Method::POST,
        "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}/_restore",
    ),
    (
        Method::DELETE,
        "/clusters/{cluster_id}/snapshots/{repository_name}/{snapshot_name}",
    ),
];

/// What a request may use up.
async fn replenish(server: &Server) -> impl Fn(&str) -> String + use<> {
    let store = &server.app.store;
    let _ = store.detach_cluster(&"b1".parse().unwrap()).await;
    server.add_cluster("b1").await;
    let _ = store.delete_user("u1").await;
    server.add_user("u1", &[Role::EceDeploymentViewer], true).await;
    let (device, now) = (
        TotpSecret {
            id: "d".to_owned(),
            secret: "JBSWY3DPEHPK3PXP".into(),
            confirmed: false,
        },
        Timestamp::UNIX_EPOCH,
    );
    store.enrol_totp("u1", &device, now).await.unwrap();
    let id = async |path: String, body: &'static str| {
        let made = server.post(&path, body).await;
        assert!(made.status.is_success(), "{path}: {}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    };
    let key = id(format!("{ECE}/users/auth/keys"), r#"{"description":"d"}"#).await;
    let webhook = id(
        format!("{NATIVE}/webhooks"),
        r#"{"url":"https://hooks.example/tintype"}"#,
    )
    .await;
    let operations = server.get(&format!("{NATIVE}/operations?cluster=a1")).await.body;
    let oldest = operations["operations"].as_array().and_then(|all| all.last());
    let operation = oldest.map(|one| one["id"].as_str().unwrap().to_owned());
    let operation = operation.unwrap_or_default();
    move |text| {
        text.replace("{key}", &key)
            .replace("{webhook}", &webhook)
            .replace("{operation}", &operation)
    }
}

/// The route's path below its surface's beginning.
fn below(route: &str) -> &'static str {
    let native = routes()
        .iter()
        .any(|known| known.path == route && known.paths()[0].starts_with(NATIVE));
    if native { NATIVE } else { ECE }
}

fn text<'row>(row: &'row Value, member: &str) -> &'row str {
    row[member].as_str().unwrap_or_default()
}

#[test]
fn every_route_that_is_no_get_is_looked_at() {
    let looked_at: BTreeSet<_> = successes()
        .into_iter()
        .map(|success| (success.method.to_string(), success.route))
        .chain(ELSEWHERE.map(|(method, route)| (method.to_string(), route)))
        .chain(audit_own::ROUTES.map(|(method, route)| (method.to_string(), route)))
        .collect();
    let known: BTreeSet<_> = routes()
        .iter()
        .filter(|route| route.method != Method::GET)
        .map(|route| (route.method.to_string(), route.path))
        .collect();
    assert_eq!(looked_at, known);
}

#[tokio::test]
async fn every_change_of_every_route_leaves_its_rows() {
    let (server, admin) = (ready().await, key("admin"));
    for Success {
        method,
        route,
        path,
        body,
        rows: expected,
    } in successes()
    {
        let fill = replenish(&server).await;
        let path = format!("{}{}", below(route), fill(path));
        let asked = server.send(method.clone(), &path, &admin, fill(body));
        let (reply, rows) = rows_of(&server, asked).await;
        let what = format!("{method} {path}: {} {}", reply.status, reply.body);
        assert!(reply.status.is_success(), "{what}");
        let made = text(&reply.body, "id");
        let fill = |text: &str| fill(text).replace("{made}", made);
        let seen: Vec<_> = rows.iter().map(|row| text(row, "action")).collect();
        let wanted: Vec<_> = expected.iter().map(|(action, ..)| *action).collect();
        assert_eq!(seen, wanted, "{what}");
        for (row, (_, target, detail)) in rows.iter().zip(expected) {
            assert_eq!(text(row, "target"), fill(target), "{what}: {row}");
            assert!(text(row, "detail").starts_with(&fill(detail)), "{what}: {row}");
            assert_eq!(
                (&row["principal"], &row["outcome"]),
                (&json!("admin"), &json!("done"))
            );
            assert_eq!(row["request"], reply.header("x-request-id"));
            assert!(text(row, "route").ends_with(route), "{row}");
            assert!(!row.to_string().contains("a-long-enough-password"), "{row}");
        }
    }
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_row() {
    let (server, admin) = (ready().await, key("admin"));
    let many = r#"{"keys":["none","neither"]}"#;
    let path = format!("{ECE}/users/auth/keys");
    let asked = server.send(Method::DELETE, &path, &admin, many);
    let (reply, rows) = rows_of(&server, asked).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(rows.is_empty(), "{rows:?}");
}
