//! The committed table: route × role × state of the credentials, found by asking.

use crate::support::{HandClock, PASSWORD, SECRET, Server, basic, key};
use http::{Method, StatusCode};
use jiff::Timestamp;
use std::fmt::Write;
use tintype::http::route::Route;
use tintype::http::router::routes;
use tintype::model::{ApiKey, Factor, Role, TotpSecret};
use tintype::secrets::api_key_hash;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/authorization.txt");
const HEADING: &str = "\
# Who may call what, as the server answers. Made by tests/api/authorization.rs; UPDATE=1 rewrites it.
# none: no credentials; wrong: an unknown user, a wrong password, key or token; disabled: right ones of a disabled user.
# The roles are those of ECE, each by API key, by password and by session alike, except that routes about a session are
# 401 without one. device_*: an administrator with a TOTP device by password, by a session, by an elevated session, and by
# an API key that was made without elevation. pass: the request reaches its handler.
";
/// An administrator with a TOTP device.
const DEVICE: &str = "device";
/// Rows after which the clock goes on, so that wrong tries are forgotten.
const ROWS: usize = 4;

#[tokio::test]
async fn the_table_is_what_the_server_does() {
    let clock = HandClock::new();
    let server = Server::start_with(clock.clone(), |config| {
        config.sessions.token_minutes = 1_440;
    })
    .await;
    for role in Role::ALL {
        server.add_user(role.as_str(), &[role], true).await;
    }
    server
        .add_user("disabled", &[Role::EcePlatformAdmin], false)
        .await;
    server.add_user(DEVICE, &[Role::EcePlatformAdmin], true).await;
    add_key_without_elevation(&server).await;
    let mut table = String::from(HEADING);
    let columns = [
        "none",
        "wrong",
        "disabled",
        "admin",
        "viewer",
        "manager",
        "deployment_viewer",
        "device_basic",
        "device_session",
        "device_elevated",
        "device_key",
    ];
    writeln!(table, "{:7} {:107} {}", "method", "path", columns.join(" ")).unwrap();
    let mut rows = 0;
    for route in routes() {
        for path in route.paths() {
            rows += 1;
            if rows % ROWS == 0 {
                clock.forward(12 * 60);
            }
            let cells = row(&server, &route, &path).await;
            let cells: Vec<_> = cells
                .iter()
                .zip(columns)
                .map(|(cell, head)| format!("{cell:w$}", w = head.len()))
                .collect();
            writeln!(
                table,
                "{:7} {path:107} {}",
                route.method.as_str(),
                cells.join(" ").trim_end()
            )
            .unwrap();
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &table).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == table,
        "authorization.txt is not what the server does; UPDATE=1 rewrites it:\n{table}"
    );
}

async fn row(server: &Server, route: &Route, path: &str) -> Vec<&'static str> {
    let method = &route.method;
    let none = ask(server, method, path, "").await;
    let mut wrong = ask(server, method, path, "ApiKey tt_keyadmin_not-the-secret").await;
    for credentials in [
        "Bearer x".to_owned(),
        "ApiKey".to_owned(),
        "Basic !".to_owned(),
        "ApiKey tt_nokey_x".to_owned(),
    ] {
        assert_eq!(
            ask(server, method, path, &credentials).await,
            wrong,
            "{method} {path}"
        );
    }
    // Argon2 for each: once a method and path is enough of each kind.
    for credentials in [basic("admin", "wrong"), basic("nobody", PASSWORD)] {
        wrong = same(wrong, ask(server, method, path, &credentials).await, path);
    }
    let mut cells = vec![none, wrong];
    for user in std::iter::once("disabled").chain(Role::ALL.map(Role::as_str)) {
        let by_key = ask(server, method, path, &key(user)).await;
        let by_password = ask(server, method, path, &basic(user, PASSWORD)).await;
        cells.push(same(by_key, by_password, path));
        let about_sessions = route.doc.unauthenticated_code() == "root.unauthorized";
        if user != "disabled" && !about_sessions {
            let session = server.login(user).await;
            same(by_key, ask(server, method, path, &session).await, path);
        }
    }
    cells.extend(with_device(server, method, path).await);
    cells
}

/// Each with a session of its own: some of the routes end it.
async fn with_device(server: &Server, method: &Method, path: &str) -> [&'static str; 4] {
    enrol(server).await;
    let by_password = ask(server, method, path, &basic(DEVICE, PASSWORD)).await;
    let by_session = ask(server, method, path, &server.login(DEVICE).await).await;
    let session = server.login(DEVICE).await;
    elevate(server, &session).await;
    let elevated = ask(server, method, path, &session).await;
    enrol(server).await;
    let unelevated = format!("ApiKey tt_unelevated_{SECRET}");
    [
        by_password,
        by_session,
        elevated,
        ask(server, method, path, &unelevated).await,
    ]
}

async fn add_key_without_elevation(server: &Server) {
    let key = ApiKey {
        id: "unelevated".to_owned(),
        secret_hash: api_key_hash(SECRET),
        user: DEVICE.to_owned(),
        description: "for tests".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        elevated: false,
    };
    server.app.store.create_api_key(&key).await.unwrap();
}

/// A confirmed device with one recovery code, in the place of any other.
async fn enrol(server: &Server) {
    let store = &server.app.store;
    store.remove_totp(DEVICE, None).await.unwrap();
    let device = TotpSecret {
        id: "d".to_owned(),
        secret: "JBSWY3DPEHPK3PXP".into(),
        confirmed: false,
    };
    let now = Timestamp::UNIX_EPOCH;
    store.enrol_totp(DEVICE, &device, now).await.unwrap();
    store.confirm_totp(DEVICE, "d", 1, &[[1; 32]], now).await.unwrap();
}

/// Through the store, which lets the session keep its secret.
async fn elevate(server: &Server, session: &str) {
    let payload = session.split('.').nth(1).unwrap();
    let payload = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let (id, secret) = (claims["sid"].as_str().unwrap(), claims["jti"].as_str().unwrap());
    let until = server.app.clock.now() + jiff::SignedDuration::from_mins(1);
    let (factor, hash) = (Factor::Recovery([1; 32]), api_key_hash(secret));
    let elevated = server.app.store.elevate_session(id, &factor, until, &hash);
    assert!(elevated.await.unwrap());
}

fn same(one: &'static str, other: &'static str, path: &str) -> &'static str {
    assert_eq!(one, other, "{path}: depends on the kind of credentials");
    one
}

async fn ask(server: &Server, method: &Method, path: &str, authorization: &str) -> &'static str {
    let path = path.replace("{region}", "ece-region");
    let path = path.replace(['{', '}'], "");
    let reply = server.send(method.clone(), &path, authorization, "").await;
    match (reply.status, reply.code()) {
        (StatusCode::UNAUTHORIZED, "root.unauthenticated" | "root.unauthorized") => "401",
        (StatusCode::FORBIDDEN, "root.unauthorized.rbac") => "403",
        (status, _) if status.as_u16() == 449 => "449",
        (status, _) => {
            assert!(status != StatusCode::TOO_MANY_REQUESTS, "{method} {path}");
            // No part runs beside this router, and that is what it is for to say.
            let unready = reply.code() == "root.not_ready";
            assert!(
                !status.is_server_error() || unready,
                "{method} {path}: {}",
                reply.body
            );
            "pass"
        }
    }
}
