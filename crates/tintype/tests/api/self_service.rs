//! `/user`: what everybody may see and change of oneself.

use crate::description::{Definition, conforms};
use crate::support::{PASSWORD, Reply, Server, basic, key};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tintype::model::{Operator, Role};

const ME: &str = "/api/v1/user";
const GOOD: &str = "a-good-long-password";

async fn patch(server: &Server, credentials: &str, body: Value) -> Reply {
    server
        .send(Method::PATCH, ME, credentials, body.to_string())
        .await
}

#[tokio::test]
async fn everybody_changes_ones_own_name_and_address() {
    let server = Server::start().await;
    for role in Role::ALL {
        server.add_user(role.as_str(), &[role], true).await;
        let who = key(role.as_str());
        let reply = patch(
            &server,
            &who,
            json!({"user_name": "", "full_name": "Jane", "email": "j@example.org"}),
        )
        .await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        conforms(&reply.body, Definition("User"));
        let shown = server.send(Method::GET, ME, &who, "").await.body;
        assert_eq!((&shown, &shown["full_name"]), (&reply.body, &json!("Jane")));
        let reply = patch(&server, &who, json!({"full_name": null, "email": ""})).await;
        assert_eq!(
            (reply.body.get("full_name"), reply.body.get("email")),
            (None, None)
        );
    }
}

#[tokio::test]
async fn nobody_gives_oneself_rights() {
    let server = Server::start().await;
    for role in [
        Role::EcePlatformViewer,
        Role::EceDeploymentManager,
        Role::EceDeploymentViewer,
    ] {
        server.add_user(role.as_str(), &[role], true).await;
        for credentials in [key(role.as_str()), basic(role.as_str(), PASSWORD)] {
            for (security, code, field) in [
                (
                    json!({"roles": ["ece_platform_admin"]}),
                    "user.roles.forbidden",
                    "security.roles",
                ),
                (
                    json!({"roles": [role.as_str(), "ece_platform_admin"]}),
                    "user.roles.forbidden",
                    "security.roles",
                ),
                (json!({"roles": []}), "user.roles.forbidden", "security.roles"),
                (
                    json!({"roles": ["nonsense"]}),
                    "user.roles.invalid",
                    "security.roles",
                ),
                (
                    json!({"enabled": false}),
                    "user.restricted_field",
                    "security.enabled",
                ),
                (
                    json!({"permissions": ["create-user"]}),
                    "user.restricted_field",
                    "security.permissions",
                ),
            ] {
                let reply = patch(&server, &credentials, json!({"security": security})).await;
                let told = (reply.status.as_u16(), reply.code(), reply.field());
                assert_eq!(told, (400, code, field), "{security}");
            }
            let same = json!({"security": {"roles": [role.as_str()], "enabled": true}});
            assert_eq!(patch(&server, &credentials, same).await.status, StatusCode::OK);
        }
        let user = server.app.store.user(role.as_str()).await.unwrap().unwrap();
        assert_eq!((user.roles, user.enabled), (vec![role], true));
    }
    server.add_user("second", &[Role::EcePlatformAdmin], true).await;
    let reply = patch(
        &server,
        &key("second"),
        json!({"security": {"roles": ["ece_platform_viewer"]}}),
    )
    .await;
    assert_eq!(
        reply.body["security"]["roles"],
        json!(["ece_platform_viewer"]),
        "an administrator may"
    );
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_present_one_and_not_with_a_key() {
    let server = Server::start().await;
    server.add_user("jane", &[Role::EcePlatformAdmin], true).await;
    let body = json!({"security": {"password": GOOD}});
    for path in [ME, "/api/v1/users/jane"] {
        let reply = server
            .send(Method::PATCH, path, &key("jane"), body.to_string())
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.code(), reply.field()),
            (400, "user.restricted_field", "security.password")
        );
    }
    let reply = patch(&server, &basic("jane", PASSWORD), body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let ask = async |credentials: String| {
        server
            .send(Method::GET, ME, &credentials, "")
            .await
            .status
            .as_u16()
    };
    assert_eq!(
        [
            ask(basic("jane", PASSWORD)).await,
            ask(basic("jane", GOOD)).await,
            ask(key("jane")).await
        ],
        [401, 200, 200]
    );
}

#[tokio::test]
async fn a_built_in_user_changes_its_own_password_alone() {
    let server = Server::start().await;
    let hash = server
        .app
        .store
        .user("admin")
        .await
        .unwrap()
        .unwrap()
        .password_hash;
    let root = Operator {
        builtin: true,
        ..Operator::new("root", hash, vec![Role::EcePlatformAdmin], Timestamp::UNIX_EPOCH)
    };
    server.add_operator(&root).await;
    let credentials = basic("root", PASSWORD);
    let reply = patch(
        &server,
        &credentials,
        json!({"full_name": "Root", "security": {"password": GOOD}}),
    )
    .await;
    assert_eq!((reply.status.as_u16(), reply.code()), (400, "user.cannot_modify"));
    let reply = patch(&server, &credentials, json!({"security": {"password": GOOD}})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let again = server.send(Method::GET, ME, &basic("root", GOOD), "").await;
    assert_eq!(again.body["builtin"], true);
}
