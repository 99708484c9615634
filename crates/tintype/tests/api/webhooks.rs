//! Webhooks by the API: what may be said of them, and that their secrets stay inside.

use crate::support::{Reply, Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const WEBHOOKS: &str = "/api/tintype/v1/webhooks";
const GIVEN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn make(server: &Server, body: Value) -> Reply {
    server.post(WEBHOOKS, body.to_string()).await
}

async fn change(server: &Server, id: &str, body: Value) -> Reply {
    let path = format!("{WEBHOOKS}/{id}");
    server
        .send(Method::PATCH, &path, &key("admin"), body.to_string())
        .await
}

#[tokio::test]
async fn a_secret_is_shown_when_it_is_made_and_never_again() {
    let server = Server::start().await;
    let made = make(&server, json!({"url": "https://x.example/h"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let given = make(&server, json!({"url": "https://y.example/h", "secret": GIVEN})).await;
    assert!(given.body.get("secret").is_none(), "{}", given.body);
    let id = made.body["id"].as_str().unwrap();
    let later = [
        server.get(WEBHOOKS).await,
        server.get(&format!("{WEBHOOKS}/{id}")).await,
        change(&server, id, json!({"secret": GIVEN})).await,
    ];
    for reply in later {
        assert_eq!(reply.status, StatusCode::OK);
        let text = reply.body.to_string();
        assert!(!text.contains(&secret) && !text.contains("whsec_"), "{text}");
    }
}

#[tokio::test]
async fn what_is_changed_stays_changed_and_the_rest_stays() {
    let server = Server::start().await;
    let made = make(
        &server,
        json!({"url": "https://x.example/h", "events": ["cluster.late"]}),
    )
    .await;
    let id = made.body["id"].as_str().unwrap();
    let changed = change(&server, id, json!({"clusters": ["a1"], "enabled": false})).await;
    assert_eq!(changed.body["events"], json!(["cluster.late"]));
    assert_eq!(changed.body["clusters"], json!(["a1"]));
    assert_eq!(
        (&changed.body["enabled"], &changed.body["version"]),
        (&json!(false), &json!(2))
    );
    let test = server.post(&format!("{WEBHOOKS}/{id}/_test"), "").await;
    assert_eq!(test.status, StatusCode::PRECONDITION_FAILED);
    change(&server, id, json!({"enabled": true})).await;
    let test = server.post(&format!("{WEBHOOKS}/{id}/_test"), "").await;
    assert_eq!(
        (test.status, &test.body["kind"]),
        (StatusCode::ACCEPTED, &json!("deliver_webhook"))
    );
    let path = format!("{WEBHOOKS}/{id}");
    let gone = server.send(Method::DELETE, &path, &key("admin"), "").await;
    assert_eq!(gone.status, StatusCode::OK);
    for reply in [server.get(&path).await, change(&server, id, json!({})).await] {
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "webhooks.not_found")
        );
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_its_field() {
    let server = Server::start().await;
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": "ftp://x.example/"}), "url"),
        (json!({"url": "https://user:pass@x.example/"}), "url"),
        (json!({"url": "http://169.254.169.254/latest/meta-data"}), "url"),
        (json!({"url": "http://[fe80::1]/"}), "url"),
        (json!({"url": "https://x.example/", "secret": "short"}), "secret"),
        (
            json!({"url": "https://x.example/", "events": ["webhook.test"]}),
            "events",
        ),
        (
            json!({"url": "https://x.example/", "events": ["nothing"]}),
            "events[0]",
        ),
        (
            json!({"url": "https://x.example/", "clusters": ["a/b"]}),
            "clusters[0]",
        ),
    ] {
        let reply = make(&server, body.clone()).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{body}: {}",
            reply.body
        );
        assert!(!reply.body.to_string().contains("short"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_cluster_has_a_limit_of_its_own_or_the_default() {
    let server = Server::start().await;
    server.add_cluster("a1").await;
    let path = "/api/tintype/v1/clusters/a1/alert";
    let put = async |body: &'static str| server.send(Method::PUT, path, &key("admin"), body).await;
    let shown = server.get(path).await.body;
    assert_eq!(
        (&shown["max_age_seconds"], &shown["default"]),
        (&json!(86_400), &json!(true))
    );
    let own = put(r#"{"max_age_seconds": 60}"#).await.body;
    assert_eq!(
        (&own["max_age_seconds"], &own["default"]),
        (&json!(60), &json!(false))
    );
    let back = put("{}").await.body;
    assert_eq!(back["default"], json!(true));
    for bad in [
        r#"{"max_age_seconds": 0}"#,
        r#"{"max_age_seconds": 31536001}"#,
        r#"{"max_age_seconds": "1h"}"#,
    ] {
        let reply = put(bad).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, "max_age_seconds"),
            "{bad}"
        );
    }
}
