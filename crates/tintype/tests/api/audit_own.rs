//! The audit log's rows of what people do about themselves: sessions and the second factor.

use crate::audit::rows_of;
use crate::support::{HandClock, PASSWORD, Reply, Server, bearer};
use crate::totp::App;
use http::Method;
use serde_json::{Value, json};
use tintype::http::router::routes;

/// What the test below asks.
pub const ROUTES: [(Method, &str); 9] = [
    (Method::POST, "/users/auth/_login"),
    (Method::POST, "/users/auth/_refresh"),
    (Method::POST, "/user/totp"),
    (Method::POST, "/user/totp/_confirm"),
    (Method::POST, "/users/auth/_elevate"),
    (Method::DELETE, "/users/auth/_elevate"),
    (Method::POST, "/users/auth/reauthenticate"),
    (Method::DELETE, "/user/totp"),
    (Method::POST, "/users/auth/_logout"),
];

/// Asks one of the routes as the session, and finds the row that it leaves; what was told must not be in it.
async fn step(
    server: &Server,
    session: &str,
    (method, route): (Method, &str),
    told: &[&str],
    body: Value,
    action: Option<&str>,
) -> Reply {
    let known = routes()
        .into_iter()
        .find(|known| known.path == route && known.method == method);
    let path = known.unwrap().paths().remove(0);
    let asked = server.send(method.clone(), &path, session, body.to_string());
    let (reply, rows) = rows_of(server, asked).await;
    let what = format!("{method} {path}: {} {} {rows:?}", reply.status, reply.body);
    assert!(reply.status.is_success(), "{what}");
    let seen: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(seen, Vec::from_iter(action), "{what}");
    for row in rows {
        assert_eq!(row["target"], "admin", "{what}");
        // Who begins a session is not known before.
        let principal = row.get("principal").and_then(Value::as_str);
        assert_eq!(principal, (!session.is_empty()).then_some("admin"), "{what}");
        let row = row.to_string();
        assert!(told.iter().all(|secret| !row.contains(secret)), "{what}");
    }
    reply
}

#[tokio::test]
async fn sessions_and_the_second_factor_leave_rows_without_their_secrets() {
    let clock = HandClock::new();
    let server = Server::start_with(clock.clone(), |_| {}).await;
    let [
        login,
        refresh,
        enrol,
        confirm,
        elevate,
        lower,
        reauthenticate,
        remove,
        logout,
    ] = ROUTES;
    let password = json!({"password": PASSWORD});
    let who = json!({"username": "admin", "password": PASSWORD});
    let begun = step(&server, "", login, &[PASSWORD], who, Some("begin_session")).await;
    let session = bearer(&begun);
    let refreshed = step(&server, &session, refresh, &[], json!({}), None).await;
    let session = bearer(&refreshed);

    let told = [PASSWORD];
    let enrolled = step(
        &server,
        &session,
        enrol,
        &told,
        password.clone(),
        Some("enrol_totp"),
    )
    .await;
    let secret = enrolled.body["secret"].as_str().unwrap();
    let app = App::new(secret, &clock);
    let code = app.code(0);
    let told = [secret, &code];
    let body = json!({"code": code});
    let confirmed = step(&server, &session, confirm, &told, body, Some("confirm_totp")).await;
    let recovery = confirmed.body["recovery_codes"].clone();
    let recovery = |number: usize| recovery[number].as_str().unwrap().to_owned();

    let code = app.fresh();
    let body = json!({"token": code});
    let elevated = step(
        &server,
        &session,
        elevate.clone(),
        &[&code],
        body,
        Some("elevate_session"),
    )
    .await;
    let session = bearer(&elevated);
    step(&server, &session, reauthenticate, &[PASSWORD], password, None).await;
    let lowered = step(&server, &session, lower, &[], Value::Null, Some("lower_session")).await;
    let session = bearer(&lowered);
    let body = json!({"token": recovery(0)});
    let told = [&*recovery(0)];
    let elevated = step(&server, &session, elevate, &told, body, Some("elevate_session")).await;
    let session = bearer(&elevated);
    let body = json!({"code": recovery(1)});
    step(
        &server,
        &session,
        remove,
        &[&recovery(1)],
        body,
        Some("remove_totp"),
    )
    .await;
    step(&server, &session, logout, &[], json!({}), Some("end_session")).await;
}
