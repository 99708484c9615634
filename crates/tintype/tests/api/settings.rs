//! A cluster's name, metadata and snapshot settings, and the platform, as ECE's clients change and read them.

use crate::support::{Reply, Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const BASE: &str = "/api/v1/clusters/elasticsearch/a1";
const REGIONAL: &str = "/api/v1/regions/ece-region/clusters/elasticsearch/a1";

async fn patch(server: &Server, path: &str, body: Value) -> Reply {
    server
        .send(Method::PATCH, path, &key("admin"), body.to_string())
        .await
}

async fn put(server: &Server, path: &str) -> Reply {
    server.send(Method::PUT, path, &key("admin"), "").await
}

async fn name(server: &Server) -> Value {
    server.get(BASE).await.body["cluster_name"].clone()
}

#[tokio::test]
async fn a_cluster_is_renamed() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    for (base, escaped, named) in [
        (BASE, "logs", "logs"),
        (REGIONAL, "logs%20%2F%20eu", "logs / eu"),
        (BASE, "%C3%A4pfel", "äpfel"),
    ] {
        let reply = put(&server, &format!("{base}/metadata/name/{escaped}")).await;
        assert_eq!((reply.status, &reply.body), (StatusCode::OK, &json!({})));
        assert_eq!(name(&server).await, named);
    }
    let version = server.get(&format!("{BASE}/metadata/settings")).await;
    // The same name again changes nothing, so a version that was read stays good.
    put(&server, &format!("{BASE}/metadata/name/%C3%A4pfel")).await;
    let again = server.get(&format!("{BASE}/metadata/settings")).await;
    assert_eq!(
        (
            version.header("x-cloud-resource-version"),
            again.header("x-cloud-resource-version")
        ),
        ("4", "4")
    );
    for escaped in ["%20", "a%0Ab", "%00", &"x".repeat(256)] {
        let reply = put(&server, &format!("{BASE}/metadata/name/{escaped}")).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, "name"),
            "{escaped}"
        );
    }
    let missing = put(&server, "/api/v1/clusters/elasticsearch/none/metadata/name/x").await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::NOT_FOUND, "clusters.cluster_not_found")
    );
}

#[tokio::test]
async fn metadata_settings_are_the_name() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let path = format!("{BASE}/metadata/settings");
    let read = server.get(&path).await;
    assert_eq!(
        read.body,
        json!({"name": "the a1 cluster", "hidden": false, "system_owned": false})
    );
    // What was read can be sent back: nothing changes.
    let same = patch(&server, &path, read.body).await;
    assert_eq!(
        (same.status, same.header("x-cloud-resource-version")),
        (StatusCode::OK, "1")
    );
    let named = patch(
        &server,
        &format!("{path}?version=1"),
        json!({"name": "logs", "owner_id": null}),
    )
    .await;
    assert_eq!(
        (&named.body["name"], named.header("x-cloud-resource-version")),
        (&json!("logs"), "2")
    );
    assert_eq!(named.header("x-cloud-resource-created"), "1970-01-01T00:00:00Z");
    assert_ne!(
        named.header("x-cloud-resource-last-modified"),
        "1970-01-01T00:00:00Z"
    );
    let stale = patch(&server, &format!("{path}?version=1"), json!({"name": "other"})).await;
    assert_eq!(
        (stale.status, stale.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );
    assert!(
        stale.message().contains("version 2, not 1"),
        "{}",
        stale.message()
    );
    assert_eq!(name(&server).await, "logs");
    let reset = patch(
        &server,
        &format!("{REGIONAL}/metadata/settings"),
        json!({"name": null}),
    )
    .await;
    assert_eq!(reset.body["name"], "a1");
    for (body, field) in [
        (json!({"hidden": true}), "hidden"),
        (json!({"system_owned": true}), "system_owned"),
        (json!({"owner_id": "x"}), "owner_id"),
        (json!({"organization_id": "x"}), "organization_id"),
        (json!({"subscription_level": "x"}), "subscription_level"),
        (json!({"contact_email": "x"}), "contact_email"),
        (json!({"resources": {"cpu": {}}}), "resources"),
        (json!({"name": ""}), "name"),
        (json!({"name": 7}), "name"),
        (json!({"nmae": "x"}), "nmae"),
    ] {
        let reply = patch(&server, &path, body.clone()).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{body}"
        );
    }
}

#[tokio::test]
async fn snapshot_settings_are_the_repository() {
    let server = Server::start().await;
    let path = format!("{BASE}/snapshot/settings");
    server.add_cluster("a1").await;
    server.add_repository("main").await;
    server.add_repository("other").await;
    let read = server.get(&path).await;
    let default = json!({"repository": {"default": {}}, "enabled": false, "suspended": [], "slm": false});
    assert_eq!(read.body, default);
    let own = |name: &str| {
        json!({"repository_name": name, "repository": {"reference": {"repository_name": name}},
               "enabled": false, "suspended": [], "slm": false})
    };
    for (body, after, version) in [
        (default.clone(), default.clone(), "1"),
        (
            json!({"suspended": null, "interval": null, "retention": null}),
            default.clone(),
            "1",
        ),
        (
            json!({"repository": {"reference": {"repository_name": "main"}}}),
            own("main"),
            "2",
        ),
        (own("main"), own("main"), "2"),
        (json!({}), own("main"), "2"),
        (json!({"repository_name": "other"}), own("other"), "3"),
        (json!({"repository": null}), default.clone(), "4"),
        (
            json!({"repository_name": "main", "repository": {}}),
            own("main"),
            "5",
        ),
        (
            json!({"repository": {"default": {}}, "repository_name": null}),
            default.clone(),
            "6",
        ),
        (json!({"repository_name": null}), default.clone(), "6"),
    ] {
        let reply = patch(&server, &path, body.clone()).await;
        assert_eq!((reply.status, &reply.body), (StatusCode::OK, &after), "{body}");
        assert_eq!(reply.header("x-cloud-resource-version"), version, "{body}");
        assert_eq!(
            server.get(&format!("{REGIONAL}/snapshot/settings")).await.body,
            after,
            "{body}"
        );
    }
    let stale = patch(&server, &format!("{path}?version=2"), own("main")).await;
    assert_eq!(
        (stale.status, stale.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );
    let fresh = patch(&server, &format!("{path}?version=6"), own("main")).await;
    assert_eq!(fresh.header("x-cloud-resource-version"), "7");
    let native = server.get("/api/tintype/v1/clusters/a1").await.body;
    assert_eq!(native["repository"], "main");
    let unknown = patch(&server, &path, json!({"repository_name": "nowhere"})).await;
    assert_eq!(
        (unknown.status, unknown.code()),
        (StatusCode::NOT_FOUND, "clusters.snapshot.repository_not_found")
    );
}

#[tokio::test]
async fn a_repository_that_only_the_engine_knows_is_shown_and_can_be_sent_back() {
    let server = Server::start().await;
    let path = format!("{BASE}/snapshot/settings");
    let mut cluster = server.add_cluster("a1").await;
    cluster.engine_repository = Some("found-snapshots".parse().unwrap());
    server.app.store.update_cluster(&cluster, None).await.unwrap();
    let read = server.get(&path).await;
    assert_eq!(
        read.body["repository"]["reference"]["repository_name"],
        "found-snapshots"
    );
    let same = patch(&server, &path, read.body.clone()).await;
    assert_eq!(
        (&same.body, same.header("x-cloud-resource-version")),
        (&read.body, "2")
    );
}

#[tokio::test]
async fn a_setting_that_would_silently_not_happen_is_refused_by_name() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    server.add_repository("main").await;
    let path = format!("{BASE}/snapshot/settings");
    for (body, field) in [
        (json!({"enabled": true}), "enabled"),
        (json!({"slm": true}), "slm"),
        (json!({"suspended": ["maintenance"]}), "suspended"),
        (json!({"interval": "30 min"}), "interval"),
        (json!({"cron_expression": "0 0 * * * ?"}), "cron_expression"),
        (json!({"pending_interval": "1 min"}), "pending_interval"),
        (
            json!({"wait_time_after_snapshotting": "1 h"}),
            "wait_time_after_snapshotting",
        ),
        (json!({"retention": {"snapshots": 7}}), "retention"),
        (
            json!({"repository": {"static": {"repository_type": "s3"}}}),
            "repository.static",
        ),
        (
            json!({"repository": {"default": {}, "reference": {"repository_name": "main"}}}),
            "repository",
        ),
        (
            json!({"repository_name": "other", "repository": {"reference": {"repository_name": "main"}}}),
            "repository_name",
        ),
        (
            json!({"repository": {"reference": {}}}),
            "repository.reference.repository_name",
        ),
        (
            json!({"repository": {"reference": {"repository_name": "../x"}}}),
            "repository.reference.repository_name",
        ),
        (
            json!({"repository": {"default": {"x": 1}}}),
            "repository.default.x",
        ),
        (json!({"expiration": "1 d"}), "expiration"),
    ] {
        // The repository beside it is good, and must not be changed either.
        let mut whole = json!({"repository_name": "main"});
        whole
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        let reply = patch(&server, &path, whole).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{body}"
        );
    }
    assert_eq!(server.get(&path).await.header("x-cloud-resource-version"), "1");
}

#[tokio::test]
async fn settings_of_no_cluster_are_not_found() {
    let server = Server::start().await;
    for path in ["metadata/settings", "snapshot/settings"] {
        for method in [Method::GET, Method::PATCH] {
            let path = format!("/api/v1/clusters/elasticsearch/none/{path}");
            let reply = server.send(method, &path, &key("admin"), "").await;
            assert_eq!(
                (reply.status, reply.code()),
                (StatusCode::NOT_FOUND, "clusters.cluster_not_found"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn the_platform_is_its_region() {
    let server = Server::start().await;
    for path in ["/api/v1/platform", "/api/v1/regions/ece-region/platform"] {
        let body = server.get(path).await.body;
        assert_eq!(body["regions"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&body["regions"][0]["region_id"], &body["version"]),
            (&json!("ece-region"), &json!("3.0.0"))
        );
    }
}
