//! Sessions: begun, refreshed, ended; and that a token is worth nothing without its row.

use crate::description::{Definition, conforms};
use crate::support::{HandClock, PASSWORD, Reply, Server, basic, bearer, key};
use data_encoding::BASE64URL_NOPAD;
use http::{Method, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use tintype::clock::Clock;
use tintype::model::Role;

const AUTH: &str = "/api/v1/users/auth";
const KEYS: &str = "/api/v1/users/auth/keys";

async fn server() -> (Server, Arc<HandClock>) {
    let clock = HandClock::new();
    (Server::start_with(clock.clone(), |_| {}).await, clock)
}

async fn ask(server: &Server, method: Method, path: &str, authorization: &str) -> Reply {
    server
        .send(method, &format!("{AUTH}{path}"), authorization, "")
        .await
}

async fn is_good(server: &Server, session: &str) -> bool {
    let reply = server.send(Method::GET, KEYS, session, "").await;
    if reply.status == StatusCode::OK {
        return true;
    }
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::UNAUTHORIZED, "root.unauthenticated")
    );
    false
}

async fn login(server: &Server, body: Value) -> Reply {
    server
        .send(Method::POST, &format!("{AUTH}/_login"), "", body.to_string())
        .await
}

#[tokio::test]
async fn a_session_is_begun_with_a_password_and_ended_at_once() {
    let (server, _) = server().await;
    let reply = login(
        &server,
        json!({"username": "admin", "password": PASSWORD, "login_state": {}}),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    conforms(&reply.body, Definition("TokenResponse"));
    let session = bearer(&reply);
    let other = server.login("admin").await;
    assert!(is_good(&server, &session).await);
    assert!(is_good(&server, &session.replace("Bearer", "bearer")).await);
    let refreshed = bearer(&ask(&server, Method::POST, "/_refresh", &session).await);

    let ended = ask(&server, Method::POST, "/_logout", &session).await;
    assert_eq!((ended.status, ended.body), (StatusCode::OK, json!({})));
    for token in [&session, &refreshed] {
        assert!(!is_good(&server, token).await, "all its tokens");
    }
    assert!(is_good(&server, &other).await, "another session goes on");
    let again = ask(&server, Method::POST, "/_logout", &session).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    for credentials in [basic("admin", PASSWORD), key("admin")] {
        let nothing = ask(&server, Method::POST, "/_logout", &credentials).await;
        assert_eq!((nothing.status, nothing.body), (StatusCode::OK, json!({})));
    }
}

#[tokio::test]
async fn wrong_credentials_unknown_and_disabled_users_are_told_alike() {
    let (server, _) = server().await;
    server
        .add_user("disabled", &[Role::EcePlatformAdmin], false)
        .await;
    let mut told = Vec::new();
    for (name, password) in [
        ("admin", "wrong"),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("disabled", "wrong"),
    ] {
        let reply = login(&server, json!({"username": name, "password": password})).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNAUTHORIZED, "root.unauthenticated"),
            "{name}"
        );
        told.push(reply.body);
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
}

#[tokio::test]
async fn a_wrong_sign_in_names_its_member() {
    let (server, _) = server().await;
    for (body, field) in [
        (json!({}), "username"),
        (json!({"username": "admin"}), "password"),
        (json!({"username": "admin", "password": 5}), "password"),
        (json!({"username": "a", "password": "b", "state": ""}), "state"),
        (
            json!({"username": "admin", "password": PASSWORD, "login_state": {"path": "/x"}}),
            "login_state.path",
        ),
    ] {
        let reply = login(&server, body.clone()).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, field),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_token_is_refreshed_until_the_session_is_over() {
    let (server, clock) = server().await;
    let first = server.login("admin").await;
    clock.forward(30 * 60);
    let reply = ask(&server, Method::POST, "/_refresh", &first).await;
    conforms(&reply.body, Definition("TokenResponse"));
    let second = bearer(&reply);
    assert!(
        is_good(&server, &first).await,
        "requests with it may be under way"
    );
    clock.forward(31 * 60);
    assert!(!is_good(&server, &first).await, "60 minutes are over");
    let mut token = second;
    for _ in 0..46 {
        assert!(is_good(&server, &token).await);
        token = bearer(&ask(&server, Method::POST, "/_refresh", &token).await);
        clock.forward(30 * 60);
    }
    assert!(!is_good(&server, &token).await, "a day is over");
    let over = ask(&server, Method::POST, "/_refresh", &token).await;
    assert_eq!(
        (over.status, over.code()),
        (StatusCode::UNAUTHORIZED, "root.unauthorized")
    );
}

#[tokio::test]
async fn the_life_of_tokens_and_sessions_is_configured() {
    let clock = HandClock::new();
    let server = Server::start_with(clock.clone(), |config| {
        config.sessions.token_minutes = 5;
        config.sessions.life_hours = 1;
    })
    .await;
    let first = server.login("admin").await;
    clock.forward(5 * 60);
    assert!(!is_good(&server, &first).await);
    let mut token = server.login("admin").await;
    for _ in 0..14 {
        clock.forward(4 * 60);
        token = bearer(&ask(&server, Method::POST, "/_refresh", &token).await);
    }
    clock.forward(4 * 60);
    assert!(!is_good(&server, &token).await, "its last token ends with it");
}

#[tokio::test]
async fn another_password_and_a_deleted_row_end_a_session_at_once() {
    let (server, _) = server().await;
    let session = server.login("admin").await;
    let hash = tintype::secrets::hash_password(&SecretString::from("another")).unwrap();
    server.set_password("admin", hash).await;
    assert!(!is_good(&server, &session).await);
    let back = tintype::secrets::hash_password(&SecretString::from(PASSWORD)).unwrap();
    server.set_password("admin", back).await;
    assert!(
        !is_good(&server, &session).await,
        "it does not come back with the password"
    );

    let session = server.login("admin").await;
    let id = claims(&session)["sid"].as_str().unwrap().to_owned();
    assert!(server.app.store.end_session(&id).await.unwrap());
    assert!(!is_good(&server, &session).await);
}

#[tokio::test]
async fn a_token_needs_the_secret_of_its_row() {
    let (server, _) = server().await;
    let session = server.login("admin").await;
    let id = claims(&session)["sid"].as_str().unwrap().to_owned();
    let row = server.app.store.session(&id).await.unwrap().unwrap();
    let secret = claims(&session)["jti"].as_str().unwrap().to_owned();
    assert_eq!(row.secret_hash, tintype::secrets::api_key_hash(&secret));
    server.app.store.lower_session(&id, &[0; 32]).await.unwrap();
    assert!(!is_good(&server, &session).await);
}

#[tokio::test]
async fn what_is_no_session_token_is_401() {
    let (server, _) = server().await;
    let session = server.login("admin").await;
    let reauthenticated = server
        .send(
            Method::POST,
            &format!("{AUTH}/reauthenticate"),
            &session,
            json!({"password": PASSWORD}).to_string(),
        )
        .await;
    conforms(&reauthenticated.body, Definition("ReAuthenticationResponse"));
    let security_token = reauthenticated.body["security_token"].as_str().unwrap();
    let none = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"none"}"#);
    let payload = session.split('.').nth(1).unwrap();
    for wrong in [
        String::new(),
        "x".to_owned(),
        security_token.to_owned(),
        format!("{none}.{payload}."),
        session
            .trim_start_matches("Bearer ")
            .trim_end_matches(|_| true)
            .to_owned(),
        format!("{}x", session.trim_start_matches("Bearer ")),
    ] {
        assert!(!is_good(&server, &format!("Bearer {wrong}")).await, "{wrong}");
    }
    for path in ["/_refresh", "/_elevate"] {
        let reply = ask(&server, Method::POST, path, "Bearer x").await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNAUTHORIZED, "root.unauthorized")
        );
    }
}

#[tokio::test]
async fn only_a_session_is_refreshed_elevated_or_lowered() {
    let (server, _) = server().await;
    for credentials in [basic("admin", PASSWORD), key("admin")] {
        for (method, path, body) in [
            (Method::POST, "/_refresh", ""),
            (Method::DELETE, "/_elevate", ""),
            (Method::POST, "/_elevate", r#"{"token":"123456"}"#),
        ] {
            let path = format!("{AUTH}{path}");
            let reply = server.send(method, &path, &credentials, body).await;
            assert_eq!(
                (reply.status, reply.code()),
                (StatusCode::UNAUTHORIZED, "root.unauthorized"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn older_clients_reauthenticate_before_they_make_a_key() {
    let (server, clock) = server().await;
    server.add_user("eve", &[Role::EcePlatformAdmin], true).await;
    let session = server.login("admin").await;
    let path = format!("{AUTH}/reauthenticate");
    let wrong = server
        .send(Method::POST, &path, &session, r#"{"password":"wrong"}"#)
        .await;
    assert_eq!(
        (wrong.status, wrong.code()),
        (StatusCode::BAD_REQUEST, "api_keys.invalid_re_auth_credentials")
    );
    let body = json!({"password": PASSWORD}).to_string();
    let reply = server.send(Method::POST, &path, &session, body).await;
    let token = reply.body["security_token"].as_str().unwrap();
    let make = json!({"authentication_token": token, "description": "old"}).to_string();
    let made = server.send(Method::POST, KEYS, &session, make.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let others = server.send(Method::POST, KEYS, &key("eve"), make.clone()).await;
    assert_eq!(
        (others.code(), others.field()),
        ("api_keys.invalid_input", "authentication_token")
    );
    let bearer = session.trim_start_matches("Bearer ");
    let confused = json!({"authentication_token": bearer, "description": "old"}).to_string();
    let confused = server.send(Method::POST, KEYS, &session, confused).await;
    assert_eq!(confused.field(), "authentication_token");
    clock.forward(300);
    let late = server.send(Method::POST, KEYS, &session, make).await;
    assert_eq!(late.field(), "authentication_token");
}

#[tokio::test]
async fn what_is_told_about_the_credentials_is_true() {
    let (server, clock) = server().await;
    let session = server.login("admin").await;
    let reply = ask(&server, Method::GET, "", &session).await;
    conforms(&reply.body, Definition("AuthenticationInfo"));
    let expires: Timestamp = reply.body["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires.duration_since(clock.now()).as_secs(), 3600);
    assert_eq!(
        (
            &reply.body["has_totp_device"],
            &reply.body["has_elevated_permissions"],
            &reply.body["refresh_token_url"]
        ),
        (
            &json!(false),
            &json!(false),
            &json!("/api/v1/users/auth/_refresh")
        )
    );
    let by_password = ask(&server, Method::GET, "", &basic("admin", PASSWORD)).await;
    conforms(&by_password.body, Definition("AuthenticationInfo"));
    assert!(
        by_password.body.get("expires_at").is_none(),
        "a password does not expire"
    );
}

fn claims(session: &str) -> Value {
    let payload = session.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}
