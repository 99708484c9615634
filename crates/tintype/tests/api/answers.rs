//! Every answer that any of these tests gets from ECE's routes is compared with the description, and every route answers.

use crate::conformance::{Beyond, beyond, codes};
use crate::description::{fulfils, operation};
use crate::fleet::fleet;
use crate::support::{Reply, key};
use http::Method;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use tintype::http::route::Surface;
use tintype::http::router::routes;

static BEYOND: LazyLock<Beyond> = LazyLock::new(beyond);

/// Of the transport, before it is known what the request is.
const OF_ANY_SERVER: [&str; 2] = ["414", "431"];

/// Fails unless status, code, headers and body are what the description, or our addition to it, promises.
pub fn check(method: &Method, path: &str, reply: &Reply) {
    let Some((template, described)) = operation(method, path) else {
        return;
    };
    // Users have no region, and of operations that are not served only their ids are known.
    if described["responses"].is_null() || (path.contains("/regions/") && template.starts_with("/user")) {
        return;
    }
    let name = format!("{method} {template}");
    let status = reply.status.as_str();
    let response = &described["responses"][status];
    let code = Some(reply.code()).filter(|code| !code.is_empty());
    let known = codes(response);
    let described_code = known.is_empty() || code.is_none_or(|code| known.iter().any(|one| one == code));
    assert!(
        (response.is_object() && described_code)
            || BEYOND.has(&name, status, code)
            || OF_ANY_SERVER.contains(&status),
        "{name} answered {status} {code:?}, which is nowhere described"
    );
    if response["schema"].is_object() {
        fulfils(&reply.body, &response["schema"], &format!("{name} {status}"));
    }
    if reply.status.is_success() {
        for header in response["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            assert!(
                !reply.header(header).is_empty(),
                "{name} {status} has no {header}"
            );
        }
    }
}

/// One request of each kind, in an order in which each succeeds. `{id}` is the `id` of the answer before.
const VISITS: &[(&str, &str, &str)] = &[
    ("GET", "/platform", ""),
    ("GET", "/clusters/elasticsearch", ""),
    (
        "POST",
        "/clusters/elasticsearch/_search",
        r#"{"query":{"term":{"cluster_id":{"value":"f1"}}},"sort":null}"#,
    ),
    ("GET", "/clusters/elasticsearch/f1", ""),
    ("PUT", "/clusters/elasticsearch/f1/metadata/name/arrivals", ""),
    ("GET", "/clusters/elasticsearch/f1/metadata/settings", ""),
    (
        "PATCH",
        "/clusters/elasticsearch/f1/metadata/settings",
        r#"{"name":"departures"}"#,
    ),
    ("GET", "/clusters/elasticsearch/f1/snapshot/settings", ""),
    (
        "PATCH",
        "/clusters/elasticsearch/f1/snapshot/settings",
        r#"{"repository_name":"main","suspended":null}"#,
    ),
    ("POST", "/clusters/elasticsearch/f1/_snapshot", ""),
    ("DELETE", "/clusters/elasticsearch/a1", ""),
    (
        "PUT",
        "/platform/configuration/snapshots/repositories/r2",
        r#"{"type":"fs","settings":{"location":"/r2"}}"#,
    ),
    ("GET", "/platform/configuration/snapshots/repositories/r2", ""),
    ("GET", "/platform/configuration/snapshots/repositories", ""),
    ("DELETE", "/platform/configuration/snapshots/repositories/r2", ""),
    ("GET", "/users/auth/methods", ""),
    ("GET", "/users/auth/keys", ""),
    ("POST", "/users/auth/keys", r#"{"description":"one"}"#),
    ("GET", "/users/auth/keys/{id}", ""),
    ("DELETE", "/users/auth/keys/{id}", ""),
    ("POST", "/users/auth/keys", r#"{"description":"two"}"#),
    ("DELETE", "/users/auth/keys", r#"{"keys":["{id}"]}"#),
];

#[tokio::test]
async fn every_route_answers_as_described_with_and_without_a_region() {
    for prefix in ["/api/v1", "/api/v1/regions/ece-region"] {
        let fleet = fleet("operate").await;
        fleet.server.add_cluster("a1").await;
        let mut seen = BTreeSet::new();
        let mut id = String::new();
        for (method, path, body) in VISITS {
            let prefix = if path.starts_with("/user") {
                "/api/v1"
            } else {
                prefix
            };
            let (path, body) = (
                format!("{prefix}{path}").replace("{id}", &id),
                body.replace("{id}", &id),
            );
            let method: Method = method.parse().unwrap();
            let reply = fleet
                .server
                .send(method.clone(), &path, &key("admin"), body)
                .await;
            assert!(
                reply.status.is_success(),
                "{method} {path}: {} {}",
                reply.status,
                reply.body
            );
            if let Some(made) = reply.body["id"].as_str() {
                id = made.to_owned();
            }
            let (template, _) = operation(&method, &path).unwrap();
            seen.insert(format!("{method} {template}"));
        }
        // The answers about users are compared wherever their own tests get them.
        let regional = routes()
            .into_iter()
            .filter(|route| route.surface == Surface::Regional);
        for route in regional {
            let name = format!("{} {}", route.method, route.path);
            let never = ["200", "201", "202"]
                .iter()
                .all(|status| BEYOND.lacks(&name, status));
            assert!(seen.contains(&name) || never, "{name} was not asked");
        }
    }
}
