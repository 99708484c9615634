//! API keys of other users: seen by those who see users, deleted by administrators.

use crate::description::{Definition, conforms};
use crate::support::{Reply, Server, key, key_id};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tintype::model::{ApiKey, Role};

const ALL: &str = "/api/v1/users/auth/keys/_all";

/// `admin`, `jane` with the keys `keyjane` and `second`, and `eve`.
async fn ready() -> Server {
    let server = Server::start().await;
    for name in ["jane", "eve"] {
        server.add_user(name, &[Role::EceDeploymentViewer], true).await;
    }
    let second = ApiKey {
        id: "second".to_owned(),
        ..server.app.store.api_key(&key_id("jane")).await.unwrap().unwrap()
    };
    server.app.store.create_api_key(&second).await.unwrap();
    server
}

async fn delete(server: &Server, path: &str, body: Value) -> Reply {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    server.send(Method::DELETE, path, &key("admin"), body).await
}

async fn ids(server: &Server, path: &str) -> Vec<String> {
    let list = server.get(path).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    conforms(&list.body, Definition("ApiKeysResponse"));
    let keys = list.body["keys"].as_array().unwrap();
    let mut ids: Vec<_> = keys
        .iter()
        .map(|key| {
            format!(
                "{}/{}",
                key["user_id"].as_str().unwrap(),
                key["id"].as_str().unwrap()
            )
        })
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn keys_are_listed_by_user_and_for_all() {
    let server = ready().await;
    assert_eq!(
        ids(&server, ALL).await,
        ["admin/keyadmin", "eve/keyeve", "jane/keyjane", "jane/second"]
    );
    assert_eq!(
        ids(&server, "/api/v1/users/jane/auth/keys").await,
        ["jane/keyjane", "jane/second"]
    );
    let one = server.get("/api/v1/users/jane/auth/keys/second").await;
    conforms(&one.body, Definition("ApiKeyResponse"));
    assert_eq!(
        (&one.body["user_id"], one.body.get("key")),
        (&json!("jane"), None)
    );
}

#[tokio::test]
async fn who_or_what_is_not_there_is_told_apart() {
    let server = ready().await;
    for method in [Method::GET, Method::DELETE] {
        for (path, code) in [
            ("/api/v1/users/nobody/auth/keys", "api_keys.user_not_found"),
            ("/api/v1/users/auth/auth/keys", "api_keys.user_not_found"),
            ("/api/v1/users/JANE/auth/keys", "api_keys.user_not_found"),
            ("/api/v1/users/jane/auth/keys/keyeve", "api_keys.key_not_found"),
            ("/api/v1/users/jane/auth/keys/none", "api_keys.key_not_found"),
            ("/api/v1/users/nobody/auth/keys/keyjane", "api_keys.key_not_found"),
        ] {
            let reply = server.send(method.clone(), path, &key("admin"), "").await;
            assert_eq!(
                (reply.status.as_u16(), reply.code()),
                (404, code),
                "{method} {path}"
            );
        }
    }
    assert_eq!(ids(&server, ALL).await.len(), 4);
}

#[tokio::test]
async fn a_deleted_key_is_refused_at_once() {
    let server = ready().await;
    let asks = async |who: &str| {
        server
            .send(Method::GET, "/api/v1/user", &key(who), "")
            .await
            .status
            .as_u16()
    };
    assert_eq!(asks("jane").await, 200);
    let reply = delete(&server, "/api/v1/users/jane/auth/keys/keyjane", Value::Null).await;
    assert_eq!((reply.status, reply.body), (StatusCode::OK, json!({})));
    assert_eq!(asks("jane").await, 401);
    let reply = delete(&server, "/api/v1/users/jane/auth/keys", Value::Null).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(ids(&server, ALL).await, ["admin/keyadmin", "eve/keyeve"]);
    assert_eq!(asks("eve").await, 200);
}

#[tokio::test]
async fn several_keys_are_deleted_by_their_users_and_ids() {
    let server = ready().await;
    let named = |user: &str, id: &str| json!({"user_id": user, "api_key_id": id});
    let keys = [
        named("jane", "second"),
        named("jane", "keyeve"),
        named("nobody", "none"),
    ];
    for _ in 0..2 {
        let reply = delete(&server, ALL, json!({"user_api_keys": keys})).await;
        assert_eq!((reply.status, reply.body), (StatusCode::OK, json!({})));
    }
    assert_eq!(
        ids(&server, ALL).await,
        ["admin/keyadmin", "eve/keyeve", "jane/keyjane"]
    );
    for (body, field) in [
        (json!({}), "user_api_keys"),
        (json!({"user_api_keys": "all"}), "user_api_keys"),
        (
            json!({"user_api_keys": [["jane", "keyjane"]]}),
            "user_api_keys[0]",
        ),
        (
            json!({"user_api_keys": [{"user_id": "jane"}]}),
            "user_api_keys[0].api_key_id",
        ),
        (json!({"user_api_keys": [], "keys": []}), "keys"),
        (
            json!({"user_api_keys": vec![named("a", "b"); 1001]}),
            "user_api_keys",
        ),
    ] {
        let reply = delete(&server, ALL, body.clone()).await;
        let told = (reply.status.as_u16(), reply.code(), reply.field());
        assert_eq!(
            told,
            (400, "api_keys.invalid_input", field),
            "{:.80}",
            body.to_string()
        );
    }
}
