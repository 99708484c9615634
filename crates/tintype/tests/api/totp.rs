//! The second factor: enrolled, confirmed, removed.

use crate::support::{HandClock, PASSWORD, Reply, Server, basic, bearer, key};
use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tintype::clock::Clock;
use tintype::model::Role;

const TOTP: &str = "/api/tintype/v1/user/totp";
const ELEVATE: &str = "/api/v1/users/auth/_elevate";

/// An authenticator app, written after the RFC and not with the server's code.
pub struct App {
    key: Vec<u8>,
    clock: Arc<HandClock>,
}

impl App {
    pub fn new(secret: &str, clock: &Arc<HandClock>) -> Self {
        Self {
            key: BASE32_NOPAD.decode(secret.as_bytes()).unwrap(),
            clock: clock.clone(),
        }
    }

    /// The code that is shown so many steps from now.
    pub fn code(&self, off: i64) -> String {
        let step = self.clock.now().as_second() / 30 + off;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.key);
        let tag = hmac::sign(&key, &step.to_be_bytes()).as_ref().to_vec();
        let at = usize::from(tag[19] & 15);
        let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }

    /// The code of the next step that was not used: the clock goes there.
    pub fn fresh(&self) -> String {
        self.clock.forward(30);
        self.code(0)
    }
}

/// Enrols and confirms, and gives the app and the recovery codes.
pub async fn enrol(server: &Server, user: &str, clock: &Arc<HandClock>) -> (App, Vec<String>) {
    let enrolled = server.send(Method::POST, TOTP, &basic(user, PASSWORD), "").await;
    assert_eq!(enrolled.status, StatusCode::CREATED, "{}", enrolled.body);
    let app = App::new(enrolled.body["secret"].as_str().unwrap(), clock);
    let confirmed = confirm(server, user, &app.code(0)).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.body);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    (
        app,
        codes
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect(),
    )
}

/// Tries to elevate.
pub async fn elevate(server: &Server, session: &str, code: &str) -> Reply {
    let body = json!({"token": code}).to_string();
    server.send(Method::POST, ELEVATE, session, body).await
}

async fn confirm(server: &Server, user: &str, code: &str) -> Reply {
    let body = json!({"code": code}).to_string();
    let path = format!("{TOTP}/_confirm");
    server
        .send(Method::POST, &path, &basic(user, PASSWORD), body)
        .await
}

async fn status(server: &Server) -> Value {
    server.get(TOTP).await.body["status"].clone()
}

async fn ready() -> (Server, Arc<HandClock>) {
    let clock = HandClock::new();
    (Server::start_with(clock.clone(), |_| {}).await, clock)
}

#[tokio::test]
async fn a_device_is_enrolled_confirmed_and_removed() {
    let (server, clock) = ready().await;
    assert_eq!(status(&server).await, "none");
    let enrolled = server
        .send(Method::POST, TOTP, &basic("admin", PASSWORD), "")
        .await;
    assert_eq!(enrolled.status, StatusCode::CREATED);
    let secret = enrolled.body["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits");
    assert_eq!(
        enrolled.body["uri"],
        format!(
            "otpauth://totp/Tintype:admin?secret={secret}&issuer=Tintype&algorithm=SHA1&digits=6&period=30"
        )
    );
    assert_eq!(status(&server).await, "unconfirmed");
    let app = App::new(secret, &clock);
    let wrong = confirm(&server, "admin", &app.code(2)).await;
    assert_eq!(
        (wrong.status, wrong.code()),
        (StatusCode::BAD_REQUEST, "authc.invalid_token")
    );
    let confirmed = confirm(&server, "admin", &app.code(-1)).await;
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    let shown = server.get(TOTP).await.body;
    assert_eq!(
        (&shown["status"], &shown["recovery_codes_left"]),
        (&json!("confirmed"), &json!(10))
    );
    assert!(!shown.to_string().contains(secret), "never again");
    let again = confirm(&server, "admin", &app.code(0)).await;
    assert_eq!(
        (again.status, again.code()),
        (StatusCode::NOT_FOUND, "totp.not_found")
    );
    let other = server
        .send(Method::POST, TOTP, &basic("admin", PASSWORD), "")
        .await;
    assert_eq!(
        (other.status, other.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );

    let body = json!({"code": app.code(0)}).to_string();
    let removed = server
        .send(Method::DELETE, TOTP, &basic("admin", PASSWORD), body)
        .await;
    assert_eq!((removed.status, removed.body), (StatusCode::OK, json!({})));
    assert_eq!(status(&server).await, "none");
    let gone = server
        .send(Method::DELETE, TOTP, &basic("admin", PASSWORD), "")
        .await;
    assert_eq!(
        (gone.status, gone.code()),
        (StatusCode::NOT_FOUND, "totp.not_found")
    );
}

#[tokio::test]
async fn a_session_or_a_key_alone_enrols_nothing() {
    let (server, _) = ready().await;
    let session = server.login("admin").await;
    for credentials in [session, key("admin")] {
        let missing = server.send(Method::POST, TOTP, &credentials, "").await;
        assert_eq!(
            (missing.status, missing.field()),
            (StatusCode::BAD_REQUEST, "password")
        );
        let wrong = r#"{"password":"wrong"}"#;
        let wrong = server.send(Method::POST, TOTP, &credentials, wrong).await;
        assert_eq!(
            (wrong.status, wrong.field()),
            (StatusCode::BAD_REQUEST, "password")
        );
        assert_eq!(status(&server).await, "none");
        let body = json!({"password": PASSWORD}).to_string();
        let enrolled = server.send(Method::POST, TOTP, &credentials, body).await;
        assert_eq!(enrolled.status, StatusCode::CREATED);
        let removed = server.send(Method::DELETE, TOTP, &credentials, "").await;
        assert_eq!(
            removed.status,
            StatusCode::OK,
            "unconfirmed ones count for nothing"
        );
    }
}

#[tokio::test]
async fn a_confirmed_device_is_removed_by_a_code_or_from_an_elevated_session_and_by_nothing_else() {
    let (server, clock) = ready().await;
    let (app, recovery) = enrol(&server, "admin", &clock).await;
    let session = server.login("admin").await;
    // The key was made before the device, so that it counts as elevated elsewhere.
    for credentials in [&session, &basic("admin", PASSWORD), &key("admin")] {
        let reply = server.send(Method::DELETE, TOTP, credentials, "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (449, "root.unauthorized.rbac.elevated_permissions_required")
        );
        let reply = server
            .send(Method::DELETE, TOTP, credentials, r#"{"code":"000000"}"#)
            .await;
        assert_eq!(reply.code(), "authc.invalid_token");
    }
    let elevated = bearer(&elevate(&server, &session, &app.fresh()).await);
    let removed = server.send(Method::DELETE, TOTP, &elevated, "").await;
    assert_eq!(removed.status, StatusCode::OK);
    let info = server
        .send(Method::GET, "/api/v1/users/auth", &elevated, "")
        .await;
    assert_eq!(info.body["has_elevated_permissions"], false);

    clock.forward(30);
    let (_, second) = enrol(&server, "admin", &clock).await;
    let body = |code: &str| json!({"code": code}).to_string();
    let old = server
        .send(Method::DELETE, TOTP, &elevated, body(&recovery[0]))
        .await;
    assert_eq!(old.code(), "authc.invalid_token", "another device's");
    let removed = server
        .send(Method::DELETE, TOTP, &elevated, body(&second[0]))
        .await;
    assert_eq!(removed.status, StatusCode::OK, "{}", removed.body);
}

#[tokio::test]
async fn an_administrator_removes_the_device_of_a_user_who_lost_it() {
    let (server, clock) = ready().await;
    server.add_user("bob", &[Role::EceDeploymentViewer], true).await;
    let (app, _) = enrol(&server, "bob", &clock).await;
    let session = server.login("bob").await;
    let elevated = bearer(&elevate(&server, &session, &app.fresh()).await);
    let path = "/api/tintype/v1/users/bob/totp";
    let own = server.send(Method::DELETE, path, &elevated, "").await;
    assert_eq!(
        own.status,
        StatusCode::FORBIDDEN,
        "a role is needed, not ownership"
    );
    let removed = server.send(Method::DELETE, path, &key("admin"), "").await;
    assert_eq!(removed.status, StatusCode::OK);
    let info = server
        .send(Method::GET, "/api/v1/users/auth", &elevated, "")
        .await;
    assert_eq!(
        (
            &info.body["has_totp_device"],
            &info.body["has_elevated_permissions"]
        ),
        (&json!(false), &json!(false))
    );
    let again = server.send(Method::DELETE, path, &key("admin"), "").await;
    assert_eq!(
        (again.status, again.code()),
        (StatusCode::NOT_FOUND, "totp.not_found")
    );
}
