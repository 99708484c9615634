//! Platform repositories, in both APIs.

use crate::description::{Definition, conforms};
use crate::support::{Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tintype::model::Role;

const ECE: &str = "/api/v1/platform/configuration/snapshots/repositories";
const NATIVE: &str = "/api/tintype/v1/repositories";

async fn put(server: &Server, path: &str, body: &str) -> crate::support::Reply {
    server
        .send(Method::PUT, path, &key("admin"), body.to_owned())
        .await
}

#[tokio::test]
async fn a_repository_is_made_shown_replaced_and_deleted() {
    let server = Server::start().await;
    let path = format!("{ECE}/main");
    let body = r#"{"type":"s3","settings":{"bucket":"b","access_key":"AK","secret_key":"engine-pass","x":[1,null]}}"#;
    let made = put(&server, &path, body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    conforms(&made.body, Definition("RepositoryConfig"));
    let settings = json!({"bucket": "b", "access_key": "AK", "x": [1, null]});
    assert_eq!(made.body["config"], json!({"type": "s3", "settings": settings}));
    assert_eq!(made.header("x-cloud-resource-version"), "1");

    let shown = server
        .get(&path.replace("/api/v1/", "/api/v1/regions/ece-region/"))
        .await;
    assert_eq!(
        (shown.header("x-cloud-resource-version"), &shown.body),
        ("1", &made.body)
    );
    let stale = put(&server, &format!("{path}?version=7"), body).await;
    assert_eq!(
        (stale.status, stale.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );
    let again = put(
        &server,
        &format!("{path}?version=1"),
        r#"{"type":"fs","settings":{"location":"/b"}}"#,
    )
    .await;
    assert_eq!(
        (again.status, again.header("x-cloud-resource-version")),
        (StatusCode::OK, "2")
    );

    let list = server.get(ECE).await;
    conforms(&list.body, Definition("RepositoryConfigs"));
    assert_eq!(list.body["configs"].as_array().unwrap().len(), 1);
    let deleted = server.send(Method::DELETE, &path, &key("admin"), "").await;
    assert_eq!((deleted.status, deleted.body), (StatusCode::OK, json!({})));
    for method in [Method::GET, Method::DELETE] {
        let reply = server.send(method, &path, &key("admin"), "").await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "clusters.snapshot.repository_not_found")
        );
    }
}

#[tokio::test]
async fn a_wrong_shape_is_named() {
    let server = Server::start().await;
    for (name, body, field) in [
        ("main", "", "type"),
        ("main", "{}", "type"),
        ("main", r#"{"type":"fs"}"#, "settings"),
        ("main", r#"{"type":"fs","settings":[]}"#, "settings"),
        ("main", r#"{"type":"fs","settings":{}}"#, "settings.location"),
        (
            "main",
            r#"{"type":"fs","settings":{"location":7}}"#,
            "settings.location",
        ),
        (
            "main",
            r#"{"type":"s3","settings":{"location":"x"}}"#,
            "settings.bucket",
        ),
        // A secret that could not be sealed apart would be shown, and sent to engines.
        (
            "main",
            r#"{"type":"s3","settings":{"bucket":"b","client":[{"secret_key":"nested"}]}}"#,
            "settings.client.secret_key",
        ),
        ("main", r#"{"type":7,"settings":{}}"#, "type"),
        ("main", r#"{"type":"hdfs","settings":{}}"#, "type"),
        (
            "main",
            r#"{"type":"azure","settings":{"bucket":"b"}}"#,
            "settings.container",
        ),
        ("main", r#"{"type":"gcs","settings":{}}"#, "settings.bucket"),
        (
            "main",
            r#"{"type":"gcs","settings":{"bucket":"b","base_path":[]}}"#,
            "settings.base_path",
        ),
        ("main", r#"{"type":"url","settings":{}}"#, "settings.url"),
        ("main", r#"{"type":"url","settings":{"url":7}}"#, "settings.url"),
        (
            "main",
            r#"{"type":"url","settings":{"url":"https://me:engine-pass@host/x"}}"#,
            "settings.url",
        ),
        (
            "main",
            r#"{"type":"url","settings":{"url":"gopher://host"}}"#,
            "settings.url",
        ),
        ("main", r#"{"type":"ftp","settings":{}}"#, "type"),
        (
            "main",
            r#"{"type":"fs","settings":{"location":"x"},"verify":true}"#,
            "verify",
        ),
        (
            "a%20b",
            r#"{"type":"fs","settings":{"location":"x"}}"#,
            "repository_name",
        ),
        (
            "main?version=x",
            r#"{"type":"fs","settings":{"location":"x"}}"#,
            "version",
        ),
    ] {
        for base in [ECE, NATIVE] {
            let reply = put(&server, &format!("{base}/{name}"), body).await;
            assert_eq!(
                (reply.status, reply.field()),
                (StatusCode::BAD_REQUEST, field),
                "{name} {body}: {}",
                reply.body
            );
        }
    }
    let hdfs = put(
        &server,
        &format!("{ECE}/main"),
        r#"{"type":"hdfs","settings":{}}"#,
    )
    .await;
    assert!(hdfs.message().contains("hdfs") && hdfs.message().contains("not supported yet"));
    let reply = put(
        &server,
        &format!("{NATIVE}/main?preflight=maybe"),
        r#"{"type":"fs","settings":{}}"#,
    )
    .await;
    assert_eq!(reply.field(), "preflight");
}

#[tokio::test]
async fn contents_are_for_those_who_may_see_them() {
    let server = Server::start().await;
    server.add_repository("main").await;
    for role in [Role::EcePlatformViewer, Role::EceDeploymentManager] {
        server.add_user(role.as_str(), &[role], true).await;
    }
    for (role, seen) in [
        (Role::EcePlatformViewer, true),
        (Role::EceDeploymentManager, false),
    ] {
        let reply = server
            .send(Method::GET, &format!("{ECE}/main"), &key(role.as_str()), "")
            .await;
        conforms(&reply.body, Definition("RepositoryConfig"));
        assert_eq!(!reply.body["config"].as_object().unwrap().is_empty(), seen);
        let reply = server
            .send(Method::GET, &format!("{NATIVE}/main"), &key(role.as_str()), "")
            .await;
        assert_eq!(reply.body.get("settings").is_some(), seen);
    }
}

#[tokio::test]
async fn a_repository_that_a_cluster_names_goes_only_with_the_cleanup() {
    let server = Server::start().await;
    server.add_repository("main").await;
    let mut cluster = server.add_cluster("a1").await;
    cluster.repository = Some("main".parse().unwrap());
    server.app.store.update_cluster(&cluster, None).await.unwrap();
    let path = format!("{ECE}/main");
    let reply = server.send(Method::DELETE, &path, &key("admin"), "").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );
    assert!(reply.message().contains("a1"));
    let reply = server
        .send(
            Method::DELETE,
            &format!("{path}?cleanup_deployments=true"),
            &key("admin"),
            "",
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    let cluster = server.app.store.cluster(&cluster.id).await.unwrap().unwrap();
    assert_eq!(cluster.repository, None);
}

#[tokio::test]
async fn a_reader_is_set_looked_through_and_removed() {
    let server = Server::start().await;
    server.add_repository("main").await;
    let path = format!("{NATIVE}/main/reader");
    let directory = tempfile::tempdir().unwrap();
    let body = json!({"url": format!("file://{}", directory.path().display()), "password": "engine-pass"});
    let reply = put(&server, &path, &body.to_string()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert!(!reply.body["preflight"].as_str().unwrap().is_empty());
    assert_eq!(
        server.get(&format!("{NATIVE}/main")).await.body["has_reader"],
        true
    );
    let reply = server.send(Method::DELETE, &path, &key("admin"), "").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(
        server.get(&format!("{NATIVE}/main")).await.body["has_reader"],
        false
    );
    for (body, field) in [
        ("{}", "url"),
        (r#"{"url":"/x"}"#, "url"),
        (r#"{"url":"s3://k:engine-pass@b/p"}"#, "url"),
        // Of another type than the repository.
        (r#"{"url":"gs://b/p"}"#, "url"),
        (r#"{"url":"https://host/p"}"#, "url"),
        (r#"{"url":"file:///x","endpoint":"nowhere"}"#, "endpoint"),
        (r#"{"url":"file:///x","secret":"x"}"#, "secret"),
    ] {
        let reply = put(&server, &path, body).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{body}"
        );
    }
    let reply = put(&server, &format!("{NATIVE}/none/reader"), "{}").await;
    assert_eq!(reply.code(), "clusters.snapshot.repository_not_found");
}

#[tokio::test]
async fn each_type_takes_its_own_reader() {
    let server = Server::start().await;
    for (kind, settings, good, bad) in [
        ("gcs", r#"{"bucket":"b","base_path":"x"}"#, "gs://b/x", "s3://b/x"),
        ("azure", r#"{"container":"c"}"#, "az://c", "file:///c"),
        (
            "url",
            r#"{"url":"http://host/x"}"#,
            "https://mirror.example/x",
            "s3://b",
        ),
    ] {
        let path = format!("{NATIVE}/{kind}");
        let body = format!(r#"{{"type":"{kind}","settings":{settings}}}"#);
        let made = put(&server, &path, &body).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.body);
        let given: Value = serde_json::from_str(settings).unwrap();
        assert_eq!(made.body["settings"], given);
        let set = |url: &str| json!({"url": url, "endpoint": "http://127.0.0.1:9"}).to_string();
        let reader = format!("{path}/reader");
        let refused = put(&server, &reader, &set(bad)).await;
        assert_eq!(
            (refused.status, refused.field()),
            (StatusCode::BAD_REQUEST, "url")
        );
        let taken = put(&server, &reader, &set(good)).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
        let preflight = taken.body["preflight"].as_str().unwrap();
        assert!(preflight.starts_with("not readable: "), "{kind}: {preflight}");
    }
}

#[tokio::test]
async fn what_is_only_read_is_no_place_for_snapshots() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let body = r#"{"type":"url","settings":{"url":"http://host/x"}}"#;
    put(&server, &format!("{NATIVE}/old"), body).await;
    let taken = server
        .post(
            "/api/v1/clusters/elasticsearch/a1/_snapshot",
            r#"{"repository_name":"old"}"#,
        )
        .await;
    assert_eq!(
        (taken.status, taken.field()),
        (StatusCode::BAD_REQUEST, "repository_name")
    );
    assert!(taken.message().contains("only read"), "{}", taken.message());
    let default = r#"{"type":"url","settings":{"url":"http://host/x"},"default":true}"#;
    let refused = put(&server, &format!("{NATIVE}/old"), default).await;
    assert_eq!(
        (refused.status, refused.field()),
        (StatusCode::BAD_REQUEST, "default")
    );
}
