//! API keys: made, listed, deleted, each user's own.

use crate::description::{Definition, conforms};
use crate::support::{Server, key};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tintype::model::Role;
use tower::ServiceExt;

const KEYS: &str = "/api/v1/users/auth/keys";

/// Not through [`Server::send`], which refuses any answer with a secret: this one must have the key.
async fn make(server: &Server, body: &str) -> (StatusCode, Value) {
    let request = Request::post(KEYS)
        .header("authorization", key("admin"))
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_deleted() {
    let server = Server::start().await;
    let (status, made) = make(&server, r#"{"description":"ci"}"#).await;
    assert_eq!(status, StatusCode::CREATED);
    conforms(&made, Definition("ApiKeyResponse"));
    let (id, secret) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(secret.starts_with(&format!("tt_{id}_")), "{secret}");
    assert_eq!(
        (made["user_id"].as_str(), made["description"].as_str()),
        (Some("admin"), Some("ci"))
    );

    let authorization = format!("ApiKey {secret}");
    let list = server.send(Method::GET, KEYS, &authorization, "").await;
    conforms(&list.body, Definition("ApiKeysResponse"));
    let listed = list.body["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one.get("key").is_none()), "{listed:?}");
    let shown = server
        .send(Method::GET, &format!("{KEYS}/{id}"), &authorization, "")
        .await;
    conforms(&shown.body, Definition("ApiKeyResponse"));
    assert_eq!(shown.body["creation_date"], made["creation_date"]);

    let deleted = server
        .send(Method::DELETE, &format!("{KEYS}/{id}"), &authorization, "")
        .await;
    assert_eq!((deleted.status, deleted.body), (StatusCode::OK, json!({})));
    assert_eq!(
        server.send(Method::GET, KEYS, &authorization, "").await.status,
        StatusCode::UNAUTHORIZED
    );
    let again = server
        .send(Method::DELETE, &format!("{KEYS}/{id}"), &key("admin"), "")
        .await;
    assert_eq!(
        (again.status, again.code()),
        (StatusCode::NOT_FOUND, "api_keys.key_not_found")
    );
}

#[tokio::test]
async fn another_users_key_is_as_unknown_as_none() {
    let server = Server::start().await;
    server.add_user("eve", &[Role::EcePlatformAdmin], true).await;
    for method in [Method::GET, Method::DELETE] {
        let reply = server
            .send(method, &format!("{KEYS}/keyadmin"), &key("eve"), "")
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "api_keys.key_not_found")
        );
    }
    let many = server
        .send(
            Method::DELETE,
            KEYS,
            &key("eve"),
            r#"{"keys":["keyadmin","none"]}"#,
        )
        .await;
    assert_eq!(many.status, StatusCode::OK);
    assert_eq!(server.get(KEYS).await.body["keys"].as_array().unwrap().len(), 1);
    let own = server
        .send(Method::DELETE, KEYS, &key("eve"), r#"{"keys":["keyeve"]}"#)
        .await;
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(
        server.send(Method::GET, KEYS, &key("eve"), "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_wrong_request_names_its_member() {
    let server = Server::start().await;
    for (body, field) in [
        ("", "description"),
        ("{}", "description"),
        (r#"{"description":"  "}"#, "description"),
        (r#"{"description":5}"#, "description"),
        (
            r#"{"description":"x","authentication_token":"no security token"}"#,
            "authentication_token",
        ),
        (r#"{"description":"x","expiration":"1d"}"#, "expiration"),
        (r#"{"description":"x","role_assignments":{}}"#, "role_assignments"),
        (r#"{"description":"x","roles":[]}"#, "roles"),
    ] {
        let reply = server.post(KEYS, body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::BAD_REQUEST, "api_keys.invalid_input"),
            "{body}"
        );
        assert_eq!(reply.field(), field, "{body}");
    }
    let reply = server.send(Method::DELETE, KEYS, &key("admin"), "{}").await;
    assert_eq!((reply.code(), reply.field()), ("api_keys.invalid_input", "keys"));
    assert_eq!(server.get(KEYS).await.body["keys"].as_array().unwrap().len(), 1);
}
