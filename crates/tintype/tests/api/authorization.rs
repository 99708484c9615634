//! The committed table: route × role × state of the credentials, found by asking.

use crate::support::{PASSWORD, Server, basic, key};
use http::{Method, StatusCode};
use std::fmt::Write;
use tintype::http::router::routes;
use tintype::model::Role;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/authorization.txt");
const HEADING: &str = "\
# Who may call what, as the server answers. Made by tests/api/authorization.rs; UPDATE=1 rewrites it.
# none: no credentials; wrong: an unknown user, a wrong password or key; disabled: right ones of a disabled user.
# The roles are those of ECE, each by API key and by password alike; pass: the request reaches its handler.
";

#[tokio::test]
async fn the_table_is_what_the_server_does() {
    let server = Server::start().await;
    for role in Role::ALL {
        server.add_user(role.as_str(), &[role], true).await;
    }
    server
        .add_user("disabled", &[Role::EcePlatformAdmin], false)
        .await;
    let mut table = String::from(HEADING);
    let columns = [
        "none",
        "wrong",
        "disabled",
        "admin",
        "viewer",
        "manager",
        "deployment_viewer",
    ];
    writeln!(table, "{:7} {:107} {}", "method", "path", columns.join(" ")).unwrap();
    for route in routes() {
        for path in route.paths() {
            let cells = row(&server, &route.method, &path).await;
            let cells: Vec<_> = cells
                .iter()
                .zip(columns)
                .map(|(cell, head)| format!("{cell:w$}", w = head.len()))
                .collect();
            writeln!(
                table,
                "{:7} {path:107} {}",
                route.method.as_str(),
                cells.join(" ").trim_end()
            )
            .unwrap();
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &table).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == table,
        "authorization.txt is not what the server does; UPDATE=1 rewrites it:\n{table}"
    );
}

async fn row(server: &Server, method: &Method, path: &str) -> Vec<&'static str> {
    let none = ask(server, method, path, "").await;
    let mut wrong = ask(server, method, path, "ApiKey tt_keyadmin_not-the-secret").await;
    for credentials in [
        "Bearer x".to_owned(),
        "ApiKey".to_owned(),
        "Basic !".to_owned(),
        "ApiKey tt_nokey_x".to_owned(),
    ] {
        assert_eq!(
            ask(server, method, path, &credentials).await,
            wrong,
            "{method} {path}"
        );
    }
    // Argon2 for each: once a method and path is enough of each kind.
    for credentials in [basic("admin", "wrong"), basic("nobody", PASSWORD)] {
        wrong = same(wrong, ask(server, method, path, &credentials).await, path);
    }
    let mut cells = vec![none, wrong];
    for user in std::iter::once("disabled").chain(Role::ALL.map(Role::as_str)) {
        let by_key = ask(server, method, path, &key(user)).await;
        cells.push(same(
            by_key,
            ask(server, method, path, &basic(user, PASSWORD)).await,
            path,
        ));
    }
    cells
}

fn same(one: &'static str, other: &'static str, path: &str) -> &'static str {
    assert_eq!(one, other, "{path}: depends on the kind of credentials");
    one
}

async fn ask(server: &Server, method: &Method, path: &str, authorization: &str) -> &'static str {
    let path = path.replace("{region}", "ece-region");
    let path = path.replace(['{', '}'], "");
    let reply = server.send(method.clone(), &path, authorization, "").await;
    match (reply.status, reply.code()) {
        (StatusCode::UNAUTHORIZED, "root.unauthenticated") => "401",
        (StatusCode::FORBIDDEN, "root.unauthorized.rbac") => "403",
        (status, _) => {
            // No part runs beside this router, and that is what it is for to say.
            let unready = reply.code() == "root.not_ready";
            assert!(
                !status.is_server_error() || unready,
                "{method} {path}: {}",
                reply.body
            );
            "pass"
        }
    }
}
