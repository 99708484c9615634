//! `docs/ece.md` lists every operation of ECE's description: served, or what is answered and why.

use crate::description::ECE;
use crate::support::{Server, key};
use http::{Method, StatusCode};
use std::sync::Mutex;
use tintype::http::ece::unserved;
use tintype::http::route::Surface;
use tintype::http::router::routes;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ece.md");
const HEAD: &str = "| operation | id | answer |\n|---|---|---|\n";

/// Several tests rewrite a table of the same document.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The rows of the table that begins with this head.
fn table<'a>(document: &'a str, head: &str) -> &'a str {
    let (_, rest) = document
        .split_once(head)
        .unwrap_or_else(|| panic!("docs/ece.md has no table {head}"));
    rest.split_once("\n\n").map_or(rest, |(rows, _)| rows).trim_end()
}

/// Compares a table of the document with what it should be; UPDATE=1 rewrites it.
pub fn compare(head: &str, rows: &[String]) {
    let _one = ONE_AT_A_TIME.lock().unwrap();
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (found, made) = (table(&document, head).to_owned(), rows.join("\n"));
    if std::env::var_os("UPDATE").is_some() && found != made {
        let updated = document.replace(&format!("{head}{found}"), &format!("{head}{made}"));
        std::fs::write(DOCUMENT, updated).unwrap();
        return;
    }
    let wrong: Vec<_> = found
        .lines()
        .filter(|row| !rows.iter().any(|one| one == row))
        .collect();
    let missing: Vec<_> = rows
        .iter()
        .filter(|row| !found.lines().any(|one| one == *row))
        .collect();
    assert!(
        found == made,
        "docs/ece.md is not what the server does; UPDATE=1 rewrites it. Wrong: {wrong:#?} Missing: {missing:#?}"
    );
}

/// Each operation of the description: method, path, id.
fn described() -> impl Iterator<Item = (Method, &'static str, &'static str)> {
    let paths = ECE["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, operation)| {
            let method = method.to_uppercase().parse().unwrap();
            (method, path.as_str(), operation["operationId"].as_str().unwrap())
        })
    })
}

async fn answer(server: &Server, method: &Method, path: &str) -> String {
    let served = routes()
        .into_iter()
        .any(|route| route.surface != Surface::Native && route.method == *method && route.path == path);
    if served {
        return "served".to_owned();
    }
    let asked = format!("/api/v1{}", path.replace(['{', '}'], ""));
    let reply = server.send(method.clone(), &asked, &key("admin"), "").await;
    let vague = ["root.not_found", "root.method_not_allowed"].contains(&reply.code());
    assert!(
        !vague && !reply.status.is_success(),
        "{method} {path}: nothing says why it answers {}",
        reply.status
    );
    let why = reply
        .message()
        .split_once("because ")
        .map_or(reply.message(), |(_, why)| why);
    format!("answers {} because {why}", reply.status.as_u16())
}

#[tokio::test]
async fn every_operation_is_listed_as_it_is_answered() {
    let server = Server::start().await;
    let mut rows = Vec::new();
    for (method, path, id) in described() {
        let answer = answer(&server, &method, path).await;
        rows.push(format!("| `{method} {path}` | `{id}` | {answer} |"));
    }
    assert_eq!(rows.len(), 382);
    compare(HEAD, &rows);
    for (pattern, because) in unserved::rules() {
        let end = format!("because {because} |");
        let used = rows
            .iter()
            .any(|row| row.contains(pattern.split('*').next().unwrap()) && row.ends_with(&end));
        assert!(used, "nothing needs the rule {pattern} {because}");
    }
}

#[tokio::test]
async fn what_is_not_served_says_so_in_its_region_and_to_everybody() {
    let server = Server::start().await;
    for path in [
        "/api/v1/clusters/kibana",
        "/api/v1/regions/ece-region/clusters/kibana",
        "/api/v1/clusters/elasticsearch/any/plan/activity",
        "/api/v1/deployments",
        "/api/v1/stack/versions/8.17.0",
    ] {
        for authorization in ["", &key("admin")] {
            let reply = server.send(Method::GET, path, authorization, "").await;
            assert_eq!(
                (reply.status, reply.code()),
                (StatusCode::NOT_IMPLEMENTED, "root.not_implemented"),
                "{path}"
            );
            assert!(reply.message().contains("because"), "{}", reply.message());
        }
    }
    for (path, code) in [
        (
            "/api/v1/regions/us-east-1/clusters/kibana",
            "root.region_not_found",
        ),
        ("/api/v1/regions/ece-region/deployments", "root.not_found"),
        ("/api/v1/clusters", "root.not_found"),
        ("/api/v1/clusters/elasticsearch/any/plans", "root.not_found"),
        ("/api/tintype/v1/clusters/kibana/x", "root.not_found"),
    ] {
        assert_eq!(server.get(path).await.code(), code, "{path}");
    }
    // The router takes the first for a cluster's id; the second it has, and ECE has no such method.
    let resync = server
        .send(Method::POST, "/api/v1/clusters/elasticsearch/_resync", "", "")
        .await;
    assert_eq!(resync.code(), "root.not_implemented");
    let repositories = "/api/v1/platform/configuration/snapshots/repositories";
    let put = server.send(Method::PUT, repositories, &key("admin"), "").await;
    assert_eq!(put.code(), "root.method_not_allowed");
    let other = server
        .send(Method::PUT, "/api/v1/platform", &key("admin"), "")
        .await;
    assert_eq!(
        (other.status, other.header("allow")),
        (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD")
    );
}
