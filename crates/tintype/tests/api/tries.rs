//! Tries to sign in and of codes are limited, and nobody can be shut out by them.

use crate::support::{HandClock, PASSWORD, Reply, Server, basic, key};
use crate::totp::{elevate, enrol};
use http::{Method, Request, StatusCode};
use serde_json::json;
use std::sync::Arc;
use tintype::http::auth::Peer;
use tintype::model::Role;

const AUTH: &str = "/api/v1/users/auth";

async fn ready() -> (Server, Arc<HandClock>) {
    let clock = HandClock::new();
    (Server::start_with(clock.clone(), |_| {}).await, clock)
}

async fn login(server: &Server, from: &str, name: &str, password: &str) -> Reply {
    let body = json!({"username": name, "password": password}).to_string();
    server
        .send_from(from, Method::POST, &format!("{AUTH}/_login"), "", body)
        .await
}

async fn with_password(server: &Server, from: &str, name: &str, password: &str) -> StatusCode {
    let credentials = basic(name, password);
    let reply = server.send_from(from, Method::GET, AUTH, &credentials, String::new());
    reply.await.status
}

fn wait(reply: &Reply) -> i64 {
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::TOO_MANY_REQUESTS, "root.too_many_requests")
    );
    let wait = reply.header("retry-after").parse().unwrap();
    assert!(
        reply.message().contains(&format!("{wait} s")),
        "{}",
        reply.message()
    );
    wait
}

#[tokio::test]
async fn an_account_is_limited_over_all_addresses_and_ways_whether_it_is_there_or_not() {
    for name in ["admin", "nobody"] {
        let (server, clock) = ready().await;
        for n in 0..3 {
            let from = format!("192.0.2.{n}");
            assert_eq!(
                login(&server, &from, name, "wrong").await.status,
                StatusCode::UNAUTHORIZED
            );
            let from = format!("198.51.100.{n}");
            assert_eq!(
                with_password(&server, &from, name, "wrong").await,
                StatusCode::UNAUTHORIZED
            );
        }
        let first = wait(&login(&server, "203.0.113.1", name, PASSWORD).await);
        assert_eq!(first, 1, "{name}");
        clock.forward(first);
        assert_eq!(
            login(&server, "203.0.113.2", name, "wrong").await.status,
            StatusCode::UNAUTHORIZED
        );
        let second = wait(&login(&server, "203.0.113.3", name, PASSWORD).await);
        assert!(second > first, "{second}");
        assert_eq!(
            login(&server, "203.0.113.3", "else", "x").await.status,
            StatusCode::UNAUTHORIZED
        );
        clock.forward(30);
        let wanted = if name == "admin" { 200 } else { 401 };
        assert_eq!(
            login(&server, "203.0.113.3", name, PASSWORD)
                .await
                .status
                .as_u16(),
            wanted
        );
    }
}

#[tokio::test]
async fn an_address_is_limited_over_all_accounts() {
    let (server, _) = ready().await;
    for n in 0..21 {
        let reply = login(&server, "192.0.2.1", &format!("user{n}"), "wrong").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    wait(&login(&server, "192.0.2.1", "admin", PASSWORD).await);
    assert_eq!(
        login(&server, "192.0.2.2", "admin", PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_right_password_begins_anew() {
    let (server, _) = ready().await;
    for round in 0..4 {
        for n in 0..4 {
            let from = format!("192.0.{round}.{n}");
            assert_eq!(
                login(&server, &from, "admin", "wrong").await.status,
                StatusCode::UNAUTHORIZED
            );
        }
        let from = format!("192.0.{round}.9");
        assert_eq!(
            login(&server, &from, "admin", PASSWORD).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn whoever_guesses_shuts_out_neither_sessions_nor_keys_nor_a_known_place() {
    let (server, clock) = ready().await;
    let session = server.login("admin").await;
    for round in 0..40 {
        for n in 0..5 {
            login(&server, &format!("192.0.{round}.{n}"), "admin", "wrong").await;
        }
        clock.forward(2);
    }
    wait(&login(&server, "203.0.113.1", "admin", PASSWORD).await);
    for credentials in [&session, &key("admin")] {
        assert_eq!(
            server.send(Method::GET, AUTH, credentials, "").await.status,
            StatusCode::OK
        );
    }
    // Where the session was begun.
    assert_eq!(
        login(&server, "127.0.0.1", "admin", PASSWORD).await.status,
        StatusCode::OK
    );
    clock.forward(30);
    assert_eq!(
        login(&server, "203.0.113.1", "admin", PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn many_requests_with_the_same_right_password_are_one_try() {
    let (server, clock) = ready().await;
    let server = Arc::new(server);
    for _ in 0..2 {
        let asked = (0..40).map(|_| {
            let server = server.clone();
            tokio::spawn(async move { with_password(&server, "192.0.2.1", "admin", PASSWORD).await })
        });
        for asked in asked.collect::<Vec<_>>() {
            assert_eq!(asked.await.unwrap(), StatusCode::OK);
        }
        clock.forward(60);
    }
}

#[tokio::test]
async fn a_disabled_user_s_right_password_is_not_remembered_and_counts_as_a_wrong_one() {
    let (server, _) = ready().await;
    server
        .add_user("disabled", &[Role::EcePlatformAdmin], false)
        .await;
    for _ in 0..6 {
        let status = with_password(&server, "192.0.2.1", "disabled", PASSWORD).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    wait(&login(&server, "192.0.2.1", "disabled", PASSWORD).await);
}

#[tokio::test]
async fn reauthentication_and_enrolment_count_too() {
    let (server, _) = ready().await;
    server.add_user("bob", &[Role::EceDeploymentViewer], true).await;
    let body = r#"{"password":"wrong"}"#;
    for _ in 0..3 {
        for path in ["/api/v1/users/auth/reauthenticate", "/api/tintype/v1/user/totp"] {
            let reply = server.send(Method::POST, path, &key("bob"), body).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.body);
        }
    }
    wait(&login(&server, "203.0.113.1", "bob", PASSWORD).await);
}

#[tokio::test]
async fn codes_are_limited_and_a_recovery_code_gets_through() {
    let (server, clock) = ready().await;
    let (app, recovery) = enrol(&server, "admin", &clock).await;
    let mut session = server.login("admin").await;
    clock.forward(30);
    let wrong = if app.code(0) == "000000" {
        "111111"
    } else {
        "000000"
    };
    for _ in 0..6 {
        assert_eq!(
            elevate(&server, &session, wrong).await.code(),
            "authc.invalid_token"
        );
    }
    wait(&elevate(&server, &session, &app.code(0)).await);
    let other = server.login("admin").await;
    wait(&elevate(&server, &other, &app.code(0)).await);
    let by_recovery = elevate(&server, &session, &recovery[0]).await;
    assert_eq!(by_recovery.status, StatusCode::OK);
    session = crate::support::bearer(&by_recovery);
    clock.forward(900);
    assert_eq!(
        elevate(&server, &session, &app.code(0)).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_trusted_proxy_says_who_tries() {
    let server = Server::start_with(HandClock::new(), |config| {
        config.server.trusted_proxies = "10.0.0.1".parse().unwrap();
    })
    .await;
    let login = async |client: &str, name: &str| {
        let body = json!({"username": name, "password": "wrong"}).to_string();
        let request = Request::post(format!("{AUTH}/_login"))
            .header("x-forwarded-for", format!("spoofed, {client}"))
            .extension(Peer("10.0.0.1".parse().unwrap()));
        server.request(request.body(body.into()).unwrap()).await
    };
    for n in 0..21 {
        assert_eq!(
            login("192.0.2.1", &format!("user{n}")).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    wait(&login("192.0.2.1", "another").await);
    assert_eq!(
        login("192.0.2.2", "another").await.status,
        StatusCode::UNAUTHORIZED
    );
}
