//! Whatever is sent, the answer is a 4xx `BasicFailedReply`: [`Server::request`] checks its form every time.

use crate::support::{Server, key};
use http::{Method, Request, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tintype::http::router::routes;

const SNAPSHOT: &str = "/api/v1/clusters/elasticsearch/a1/_snapshot";

/// Every route that takes a body, with a path that reaches it.
fn with_bodies() -> Vec<(Method, String)> {
    let taking = routes().into_iter().filter(|route| route.doc.body.is_some());
    let paths = taking.flat_map(|route| {
        route
            .paths()
            .into_iter()
            .map(move |path| (route.method.clone(), path))
    });
    paths
        .map(|(method, path)| (method, filled(&path, "a1")))
        .collect()
}

fn filled(path: &str, value: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{region}" => "ece-region",
        "{repository_name}" if value == "a1" => "main",
        _ if part.starts_with('{') => value,
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn ready() -> Server {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    server.add_repository("main").await;
    server.add_user("a1", &[], true).await;
    server
}

#[tokio::test]
async fn bad_bodies_are_refused_by_every_route_that_takes_one() {
    let server = ready().await;
    let deep = format!("{}{}", r#"{"settings":"#, "[".repeat(100_000));
    let nested = format!(r#"{{"settings":{}1{}}}"#, r#"{"a":"#.repeat(400), "}".repeat(400));
    let bodies: Vec<(Vec<u8>, StatusCode, &str)> = vec![
        (b"{".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"{]".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (
            b"name=x&repository_name=y".to_vec(),
            StatusCode::BAD_REQUEST,
            "body",
        ),
        (b"[]".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"[[[\"x\"]]]".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"\"x\"".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"1e999".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"{}{}".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"\xff\xfe".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (b"\xef\xbb\xbf{}".to_vec(), StatusCode::BAD_REQUEST, "body"),
        (
            br#"{"no_such_member":1}"#.to_vec(),
            StatusCode::BAD_REQUEST,
            "no_such_member",
        ),
        (
            br#"{"__proto__":{}}"#.to_vec(),
            StatusCode::BAD_REQUEST,
            "__proto__",
        ),
        (deep.into_bytes(), StatusCode::BAD_REQUEST, ""),
        (nested.into_bytes(), StatusCode::BAD_REQUEST, ""),
        (vec![b' '; 1024 * 1024 + 1], StatusCode::PAYLOAD_TOO_LARGE, "body"),
        (
            format!("{{\"name\":\"{}\"}}", "x".repeat(3 << 20)).into_bytes(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "body",
        ),
    ];
    let session = server.login("admin").await;
    for (method, path) in with_bodies() {
        // This one is about a session, and looks at nothing without.
        let credentials = if path.ends_with("/_elevate") {
            session.clone()
        } else {
            key("admin")
        };
        for (body, status, field) in &bodies {
            let reply = server
                .send(method.clone(), &path, &credentials, body.clone())
                .await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(reply.status, *status, "{method} {path} {shown}: {}", reply.body);
            assert!(
                field.is_empty() || reply.field() == *field,
                "{method} {path} {shown}: {}",
                reply.body
            );
            assert!(
                !reply.field().is_empty(),
                "{method} {path} {shown}: {}",
                reply.body
            );
        }
    }
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_still_read() {
    let server = ready().await;
    let mut body = br#"{"nmae":1}"#.to_vec();
    body.resize(1024 * 1024, b' ');
    let reply = server.post(SNAPSHOT, body).await;
    assert_eq!((reply.status, reply.field()), (StatusCode::BAD_REQUEST, "nmae"));
}

#[tokio::test]
async fn bad_snapshot_requests_name_the_member() {
    let server = ready().await;
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(201));
    for (body, field) in [
        (r#"{"name":""}"#, "name"),
        (r#"{"name":"."}"#, "name"),
        (r#"{"name":".."}"#, "name"),
        (r#"{"name":"a/b"}"#, "name"),
        (r#"{"name":"a:b"}"#, "name"),
        (r#"{"name":"<snap-{now/d}>"}"#, "name"),
        (r#"{"name":"Nightly"}"#, "name"),
        (r#"{"name":"a\u0000b"}"#, "name"),
        (r#"{"name":"\ud800"}"#, "name"),
        (r#"{"name":7}"#, "name"),
        (r#"{"name":{"a":1}}"#, "name"),
        (long.as_str(), "name"),
        (r#"{"repository_name":"a/../b"}"#, "repository_name"),
        (r#"{"repository_name":["main"]}"#, "repository_name"),
        (r#"{"username":true}"#, "username"),
        (r#"{"password":31337}"#, "password"),
        (r#"{"name":"a","indices":["x"]}"#, "indices"),
        (r#"{"name":"a","name":"b"}"#, "name"),
    ] {
        for path in [SNAPSHOT, "/api/tintype/v1/clusters/a1/snapshots"] {
            let reply = server.post(path, body.to_owned()).await;
            let told = if body.contains("ud800") { "body" } else { field };
            assert_eq!(
                (reply.status, reply.field()),
                (StatusCode::BAD_REQUEST, told),
                "{body}: {}",
                reply.body
            );
            assert!(!reply.body.to_string().contains("31337"));
        }
    }
}

#[tokio::test]
async fn ids_that_name_nothing_are_404_and_unreadable_ones_400() {
    let server = ready().await;
    let long = "x".repeat(5000);
    for route in routes().into_iter().filter(|route| route.path.contains('{')) {
        for path in route.paths() {
            for id in [
                "none",
                "a%2Fb",
                "%2e%2e",
                "..%2F..",
                "a%00b",
                "%C3%A4",
                "a%20b",
                "%3Cscript%3E",
                &long,
            ] {
                let reply = server
                    .send(route.method.clone(), &filled(&path, id), &key("admin"), "")
                    .await;
                // A PUT makes what it names, so there a bad name is the request's own mistake.
                let wanted = if route.method == Method::PUT && path.ends_with("/{repository_name}") {
                    StatusCode::BAD_REQUEST
                } else {
                    StatusCode::NOT_FOUND
                };
                assert_eq!(
                    reply.status, wanted,
                    "{} {path} {id:.20}: {}",
                    route.method, reply.body
                );
            }
            let reply = server
                .send(route.method.clone(), &filled(&path, "%ff"), &key("admin"), "")
                .await;
            assert_eq!(
                reply.status,
                StatusCode::BAD_REQUEST,
                "{} {path}: {}",
                route.method,
                reply.body
            );
        }
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_json() {
    let server = ready().await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/anything",
        "/api/v1/clusters/elasticsearch/",
        "/favicon.ico",
        "//",
        "/%",
    ] {
        let reply = server.get(path).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "root.not_found"),
            "{path}"
        );
    }
    let reply = server.send(Method::PUT, SNAPSHOT, &key("admin"), "").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::METHOD_NOT_ALLOWED, "root.method_not_allowed")
    );
    assert_eq!(reply.header("allow"), "POST");
    let reply = server
        .send(Method::TRACE, "/api/v1/users/auth/keys", "", "")
        .await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn huge_heads_are_refused() {
    let server = ready().await;
    let request = Request::get("/api/v1/users/auth/keys").header("x-junk", "j".repeat(70_000));
    let reply = server.request(request.body("".into()).unwrap()).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code()),
        (431, "root.headers_too_large")
    );
    let reply = server
        .get(&format!(
            "/api/v1/clusters/elasticsearch?q={}",
            "q".repeat(20_000)
        ))
        .await;
    assert_eq!((reply.status.as_u16(), reply.code()), (414, "root.uri_too_long"));
}

#[test]
fn no_body_path_or_query_makes_a_server_error() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(ready());
    let routes: Vec<_> = routes()
        .into_iter()
        .flat_map(|route| {
            route
                .paths()
                .into_iter()
                .map(move |path| (route.method.clone(), path))
        })
        // Only these must not run: they could delete the key that all requests use.
        .filter(|(method, path)| !(method == Method::DELETE && path.contains("/auth/keys")))
        .collect();
    let json = prop_oneof![
        any::<Vec<u8>>(),
        proptest::collection::hash_map(
            prop_oneof![
                "name|type|settings|url|access|auth|keys|description|repository|indices|rename",
                "[a-z]{1,8}"
            ],
            prop_oneof![
                "\"[ -~]{0,12}\"",
                "[0-9]{1,30}",
                Just("null".to_owned()),
                Just("{}".to_owned()),
                Just("[[1]]".to_owned())
            ],
            0..4
        )
        .prop_map(|members| {
            let members: Vec<_> = members
                .into_iter()
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            format!("{{{}}}", members.join(",")).into_bytes()
        }),
    ];
    let query = "((from|size|q|version|limit|after|show_plans)=(-?[0-9]{0,12}|[a-z%&=]{0,6})&?){0,3}";
    let strategy = (0..routes.len(), "[a-zA-Z0-9._%~-]{1,12}", query, json);
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&strategy, |(index, id, query, body)| {
        let (method, path) = &routes[index];
        let uri = format!("{}?{query}", filled(path, &id));
        let Ok(request) = Request::builder()
            .method(method)
            .uri(&uri)
            .header("authorization", key("admin"))
            .body(body.into())
        else {
            return Ok(());
        };
        let reply = runtime.block_on(server.request(request));
        // To say that nothing runs beside this router is what /readyz is for.
        prop_assert!(
            !reply.status.is_server_error() || reply.code() == "root.not_ready",
            "{} {}: {}",
            method,
            uri,
            reply.body
        );
        Ok(())
    });
    outcome.unwrap();
}
