//! Somebody who may do everything stays.

use crate::support::{Server, key};
use crate::users::{GOOD, USERS, delete, patch, told};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use tintype::model::{Operator, Role};

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = Server::start().await;
    server
        .add_user("disabled", &[Role::EcePlatformAdmin], false)
        .await;
    for (security, field) in [
        (json!({"enabled": false}), "security.enabled"),
        (json!({"roles": []}), "security.roles"),
        (json!({"roles": ["ece_platform_viewer"]}), "security.roles"),
    ] {
        let reply = patch(&server, "admin", json!({"security": security})).await;
        assert_eq!(
            told(&reply),
            (400, "user.restricted_field", field),
            "{}",
            reply.body
        );
        assert!(
            reply.message().contains("ece_platform_admin"),
            "{}",
            reply.message()
        );
    }
    let reply = delete(&server, "admin", "admin").await;
    assert_eq!(told(&reply), (400, "user.restricted_deletion", "user_name"));
    patch(&server, "disabled", json!({"security": {"enabled": true}})).await;
    let reply = delete(&server, "admin", "admin").await;
    assert!(
        reply.message().contains("yourself"),
        "nobody deletes itself: {}",
        reply.message()
    );
    assert_eq!(delete(&server, "admin", "disabled").await.status, StatusCode::OK);
}

#[tokio::test]
async fn two_administrators_that_end_each_other_leave_one() {
    let server = Server::start().await;
    let disable = json!({"security": {"enabled": false}}).to_string();
    for round in 0..8 {
        let (one, other) = (format!("one{round}"), format!("other{round}"));
        for name in [&one, &other] {
            server.add_user(name, &[Role::EcePlatformAdmin], true).await;
        }
        patch(&server, "admin", json!({"security": {"enabled": false}})).await;
        let (path, credentials) = (format!("{USERS}/{one}"), key(&other));
        let (first, second) = tokio::join!(
            delete(&server, &other, &one),
            server.send(Method::PATCH, &path, &credentials, disable.clone())
        );
        let admins = server.app.store.users().await.unwrap();
        let left: Vec<_> = admins
            .iter()
            .filter(|user| user.is_admin())
            .map(|user| user.name.clone())
            .collect();
        assert_eq!(left.len(), 1, "{} {}", first.body, second.body);
        let enable = json!({"security": {"enabled": true}}).to_string();
        let back = server
            .send(Method::PATCH, &format!("{USERS}/admin"), &key(&left[0]), enable)
            .await;
        assert_eq!(back.status, StatusCode::OK, "{}", back.body);
        assert_eq!(delete(&server, &left[0], "admin").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_built_in_user_stays_as_it_is() {
    let server = Server::start().await;
    let root = Operator {
        builtin: true,
        ..Operator::new(
            "root",
            "$x".to_owned(),
            vec![Role::EcePlatformAdmin],
            Timestamp::UNIX_EPOCH,
        )
    };
    server.add_operator(&root).await;
    let shown = server.get("/api/v1/users/root").await.body;
    assert_eq!(shown["builtin"], true);
    for body in [
        json!({"full_name": "Root"}),
        json!({"security": {"enabled": false}}),
        json!({"security": {"roles": []}}),
        json!({"security": {"password": GOOD}}),
    ] {
        let reply = patch(&server, "root", body.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (400, "user.cannot_modify"),
            "{body}"
        );
    }
    assert_eq!(
        told(&delete(&server, "root", "admin").await).1,
        "user.cannot_modify"
    );
    assert_eq!(server.get("/api/v1/users/root").await.body, shown);
}
