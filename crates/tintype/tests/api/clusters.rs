//! Clusters as clients see them, in both APIs.

use crate::description::{Definition, conforms};
use crate::support::{Server, key};
use http::{Method, StatusCode};
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use tintype::model::observation::{ObservedNode, SnapshotSummary};
use tintype::model::{ClusterId, Observation, OperationKind, Role};
use tintype::store::NewOperation;

const ECE: &str = "/api/v1/clusters/elasticsearch";
const REGIONAL: &str = "/api/v1/regions/ece-region/clusters/elasticsearch";
const NATIVE: &str = "/api/tintype/v1/clusters";

fn seen(good_at: Timestamp) -> Observation {
    Observation {
        at: good_at,
        reachable: true,
        health: Some("green".to_owned()),
        nodes: vec![ObservedNode {
            id: "node-id".to_owned(),
            name: "node-0".to_owned(),
            version: "2.19.0".to_owned(),
            roles: vec!["data".to_owned()],
            master: true,
        }],
        snapshots: SnapshotSummary {
            count: 3,
            latest_status: Some("SUCCESS".to_owned()),
            latest_successful: Some(true),
            latest_end_time: Some(good_at),
            latest_successful_end_time: Some(good_at),
            latest_successful_name: Some("nightly".to_owned()),
        },
        ..Observation::default()
    }
}

async fn observe(server: &Server, id: &ClusterId, observation: &Observation) {
    server.app.store.put_observation(id, observation).await.unwrap();
}

#[tokio::test]
async fn a_healthy_cluster_has_every_member_that_clients_need() {
    let server = Server::start().await;
    let cluster = server.add_cluster("a1").await;
    observe(&server, &cluster.id, &seen(Timestamp::now())).await;
    for path in [format!("{ECE}/a1"), format!("{REGIONAL}/a1")] {
        let reply = server.get(&path).await;
        assert_eq!(reply.status, StatusCode::OK);
        conforms(&reply.body, Definition("ElasticsearchClusterInfo"));
        assert_eq!(
            (&reply.body["healthy"], &reply.body["status"]),
            (&json!(true), &json!("started"))
        );
        assert_eq!(
            reply.body["plan_info"]["current"]["plan"]["elasticsearch"]["version"],
            "2.19.0"
        );
        assert_eq!(reply.body["topology"]["instances"][0]["service_id"], "node-id");
        assert_eq!(
            reply.body["elasticsearch"]["master_info"]["masters"][0]["instances"],
            json!(["node-0"])
        );
        let snapshots = &reply.body["snapshots"];
        assert_eq!(
            (&snapshots["count"], &snapshots["latest_status"]),
            (&json!(3), &json!("SUCCESS"))
        );
        assert_eq!(
            (&snapshots["healthy"], &snapshots["recent_success"]),
            (&json!(true), &json!(true))
        );
    }
    let without = server
        .get(&format!(
            "{ECE}/a1?show_plans=false&show_settings=true&whatever=x"
        ))
        .await;
    assert!(without.body["plan_info"].get("current").is_none());
}

#[tokio::test]
async fn before_the_first_look_and_without_an_engine_it_answers_and_is_not_healthy() {
    let server = Server::start().await;
    let cluster = server.add_cluster("a1").await;
    let reply = server.get(&format!("{ECE}/a1")).await;
    conforms(&reply.body, Definition("ElasticsearchClusterInfo"));
    assert_eq!(
        (&reply.body["healthy"], &reply.body["status"]),
        (&json!(false), &json!("initializing"))
    );
    assert_eq!(
        reply.body["snapshots"],
        json!({"healthy": false, "count": 0, "recent_success": false})
    );

    let gone = Observation {
        reachable: false,
        problem: Some("refused".to_owned()),
        ..seen(Timestamp::now())
    };
    observe(&server, &cluster.id, &gone).await;
    let reply = server.get(&format!("{ECE}/a1")).await;
    conforms(&reply.body, Definition("ElasticsearchClusterInfo"));
    assert_eq!(
        (&reply.body["healthy"], &reply.body["status"]),
        (&json!(false), &json!("stopped"))
    );
    let snapshots = &reply.body["snapshots"];
    assert_eq!(
        (&snapshots["healthy"], &snapshots["recent_success"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        reply.body["elasticsearch"]["blocking_issues"]["cluster_level"][0]["description"],
        "refused"
    );
}

#[tokio::test]
async fn an_old_success_is_not_recent() {
    let server = Server::start().await;
    let cluster = server.add_cluster("a1").await;
    observe(&server, &cluster.id, &seen(Timestamp::now() - 25.hours())).await;
    let reply = server.get(&format!("{ECE}/a1")).await;
    assert_eq!(reply.body["snapshots"]["recent_success"], false);
    assert_eq!(reply.body["healthy"], false);
    let native = server.get(&format!("{NATIVE}/a1")).await.body;
    assert_eq!(native["observation"]["healthy"], false);
    assert!(native["observation"]["last_good_age_seconds"].as_i64().unwrap() >= 25 * 3600);
}

#[tokio::test]
async fn lists_page_and_filter() {
    let server = Server::start().await;
    for id in ["a1", "b2", "b3"] {
        server.add_cluster(id).await;
    }
    let ids = |reply: crate::support::Reply| -> Vec<String> {
        conforms(&reply.body, Definition("ElasticsearchClustersInfo"));
        let list = reply.body["elasticsearch_clusters"].as_array().unwrap();
        assert_eq!(reply.body["return_count"], list.len());
        list.iter()
            .map(|one| one["cluster_id"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("", vec!["a1", "b2", "b3"]),
        ("?size=-1", vec!["a1", "b2", "b3"]),
        ("?from=1&size=1", vec!["b2"]),
        ("?size=0", vec![]),
        ("?q=B", vec!["b2", "b3"]),
        ("?q=%22the%22", vec![]),
        ("?q=&size=2", vec!["a1", "b2"]),
    ] {
        for base in [ECE, REGIONAL] {
            assert_eq!(
                ids(server.get(&format!("{base}{query}")).await),
                expected,
                "{query}"
            );
        }
    }
    assert_eq!(
        server.get(&format!("{ECE}?q=b&size=1")).await.body["match_count"],
        2
    );
    assert!(server.get(ECE).await.body.get("match_count").is_none());
    let native = server.get(&format!("{NATIVE}?q=b&size=1&from=1")).await.body;
    assert_eq!(
        (&native["total"], &native["clusters"][0]["id"]),
        (&json!(2), &json!("b3"))
    );
    for (query, field) in [
        ("size=-2", "size"),
        ("size=-1&q=b", "size"),
        ("from=-1", "from"),
        ("size=many", "size"),
        ("show_plans=1", "show_plans"),
    ] {
        let reply = server.get(&format!("{ECE}?{query}")).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_native_view_shows_everything_but_secrets() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let reply = server.get(&format!("{NATIVE}/a1")).await;
    assert_eq!(
        reply.body["auth"],
        json!({"type": "basic", "username": "tintype"})
    );
    assert_eq!(reply.body["access"], "operate");
    assert!(reply.body.get("observation").is_none() && reply.body.get("repository").is_none());
}

#[tokio::test]
async fn deleting_detaches_unless_an_operation_runs() {
    let server = Server::start().await;
    let cluster = server.add_cluster("a1").await;
    let new = NewOperation {
        id: "op1".to_owned(),
        kind: OperationKind::TakeSnapshot,
        cluster_id: cluster.id.clone(),
        requested_by: "admin".to_owned(),
        parameters: json!({}),
        state: json!({}),
        reserve: None,
        idempotency: None,
        now: Timestamp::UNIX_EPOCH,
    };
    server.app.store.start_operation(&new).await.unwrap();
    for path in [format!("{ECE}/a1"), format!("{NATIVE}/a1")] {
        let reply = server.send(Method::DELETE, &path, &key("admin"), "").await;
        assert_eq!(
            (reply.status, reply.code()),
            (
                StatusCode::PRECONDITION_FAILED,
                "clusters.cluster_plan_state_error"
            )
        );
    }
    server.add_cluster("b2").await;
    let reply = server
        .send(Method::DELETE, &format!("{REGIONAL}/b2"), &key("admin"), "")
        .await;
    assert_eq!((reply.status, reply.body), (StatusCode::OK, json!({})));
    let reply = server
        .send(Method::DELETE, &format!("{REGIONAL}/b2"), &key("admin"), "")
        .await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::NOT_FOUND, "clusters.cluster_not_found")
    );
}

#[tokio::test]
async fn creating_names_the_attach_call() {
    let server = Server::start().await;
    let reply = server.post(ECE, r#"{"plan":{"anything":1}}"#).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::BAD_REQUEST, "clusters.plan_feature_not_implemented")
    );
    assert!(reply.message().contains("POST /api/tintype/v1/clusters"));
}

#[tokio::test]
async fn only_the_configured_region_exists() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let reply = server
        .get("/api/v1/regions/us-east-1/clusters/elasticsearch/a1")
        .await;
    assert_eq!(
        (reply.status, reply.code(), reply.field()),
        (StatusCode::NOT_FOUND, "root.region_not_found", "region")
    );
    assert!(reply.message().contains("ece-region"), "{}", reply.message());
    for path in [
        "/api/v1/regions/ece-region/users/auth/keys",
        "/api/v1/regions/ece-region/users/auth/methods",
    ] {
        assert_eq!(server.get(path).await.code(), "root.not_found");
    }
    let unknown = server
        .send(
            Method::GET,
            "/api/v1/regions/us-east-1/clusters/elasticsearch",
            "",
            "",
        )
        .await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn attaching_names_what_is_wrong_before_anything_is_sent() {
    let server = Server::start().await;
    server
        .add_user("manager", &[Role::EceDeploymentManager], true)
        .await;
    let good = r#""url":"http://127.0.0.1:9","access":"observe""#;
    for (body, field) in [
        ("{}".to_owned(), "url"),
        (r#"{"url":"http://127.0.0.1:9"}"#.to_owned(), "access"),
        (r#"{"url":"ftp://x","access":"observe"}"#.to_owned(), "url"),
        (r#"{"url":"http://u:p@x","access":"observe"}"#.to_owned(), "url"),
        (r#"{"url":"http://x/?a=b","access":"observe"}"#.to_owned(), "url"),
        (r#"{"url":"not a url","access":"observe"}"#.to_owned(), "url"),
        (r#"{"url":"http://x","access":"everything"}"#.to_owned(), "access"),
        (format!(r#"{{{good},"id":"a/b"}}"#), "id"),
        (format!(r#"{{{good},"repository":".."}}"#), "repository"),
        (
            format!(r#"{{{good},"engine_repository":7}}"#),
            "engine_repository",
        ),
        (format!(r#"{{{good},"fingerprint":"zz"}}"#), "fingerprint"),
        (format!(r#"{{{good},"ca":"not pem"}}"#), "ca"),
        (
            format!(r#"{{{good},"allow_plain_http":"yes"}}"#),
            "allow_plain_http",
        ),
        (format!(r#"{{{good},"auth":[]}}"#), "auth"),
        (format!(r#"{{{good},"auth":{{}}}}"#), "auth.type"),
        (format!(r#"{{{good},"auth":{{"type":"kerberos"}}}}"#), "auth.type"),
        (
            format!(r#"{{{good},"auth":{{"type":"basic","username":"u"}}}}"#),
            "auth.password",
        ),
        (
            format!(r#"{{{good},"auth":{{"type":"basic","username":"u","password":7}}}}"#),
            "auth.password",
        ),
        (
            format!(r#"{{{good},"auth":{{"type":"none","token":"t"}}}}"#),
            "auth.token",
        ),
        (
            format!(r#"{{{good},"auth":{{"type":"none","otp":"t"}}}}"#),
            "auth.otp",
        ),
        (
            format!(r#"{{{good},"auth":{{"type":"certificate","certificate":"x","key":"y"}}}}"#),
            "auth.certificate",
        ),
    ] {
        let reply = server
            .send(Method::POST, NATIVE, &key("manager"), body.clone())
            .await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{body}: {}",
            reply.body
        );
    }
    assert_eq!(server.get(NATIVE).await.body["total"], 0);
}
