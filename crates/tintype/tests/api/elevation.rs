//! 449: who must be elevated for what, how a session gets there, and when it ends.

use crate::support::{HandClock, PASSWORD, Reply, Server, basic, bearer, key};
use crate::totp::{App, elevate, enrol};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tintype::config::Elevation;
use tintype::http::route::Surface;
use tintype::http::router::routes;
use tintype::model::Role;

const AUTH: &str = "/api/v1/users/auth";
const KEYS: &str = "/api/v1/users/auth/keys";
const SNAPSHOT: &str = "/api/v1/clusters/elasticsearch/none/_snapshot";
const CODE: &str = "root.unauthorized.rbac.elevated_permissions_required";

struct Fleet {
    server: Server,
    clock: Arc<HandClock>,
    app: App,
    recovery: Vec<String>,
}

/// A server whose admin has a device.
async fn fleet(policy: Elevation) -> Fleet {
    let clock = HandClock::new();
    let server = Server::start_with(clock.clone(), |config| config.sessions.elevation = policy).await;
    let (app, recovery) = enrol(&server, "admin", &clock).await;
    Fleet {
        server,
        clock,
        app,
        recovery,
    }
}

impl Fleet {
    async fn snapshot(&self, credentials: &str) -> Reply {
        self.server.send(Method::POST, SNAPSHOT, credentials, "").await
    }

    /// Whether the snapshot call is let through: then it finds no cluster.
    async fn passes(&self, credentials: &str) -> bool {
        let reply = self.snapshot(credentials).await;
        match reply.status.as_u16() {
            404 => true,
            449 => {
                assert_eq!(reply.code(), CODE);
                false
            }
            _ => panic!("{}", reply.body),
        }
    }

    async fn elevated(&self) -> String {
        let session = self.server.login("admin").await;
        bearer(&elevate(&self.server, &session, &self.app.fresh()).await)
    }

    async fn auth(&self, method: Method, path: &str, session: &str) -> Reply {
        self.server
            .send(method, &format!("{AUTH}{path}"), session, "")
            .await
    }
}

#[tokio::test]
async fn a_session_is_elevated_by_a_code_for_an_hour_whatever_is_refreshed() {
    let fleet = fleet(Elevation::Enrolled).await;
    let session = fleet.server.login("admin").await;
    assert!(!fleet.passes(&session).await);
    let reply = elevate(&fleet.server, &session, &fleet.app.fresh()).await;
    assert_eq!(reply.status, StatusCode::OK);
    let mut token = bearer(&reply);
    assert_eq!(
        fleet.snapshot(&session).await.status,
        StatusCode::UNAUTHORIZED,
        "replaced"
    );
    assert!(fleet.passes(&token).await);
    let info = fleet.auth(Method::GET, "", &token).await.body;
    assert_eq!(info["has_elevated_permissions"], true);
    let until = info["elevated_permissions_expire_at"].clone();

    for _ in 0..2 {
        fleet.clock.forward(29 * 60);
        token = bearer(&fleet.auth(Method::POST, "/_refresh", &token).await);
        let info = fleet.auth(Method::GET, "", &token).await.body;
        assert_eq!(info["elevated_permissions_expire_at"], until, "not extended");
    }
    fleet.clock.forward(119);
    assert!(fleet.passes(&token).await);
    fleet.clock.forward(1);
    assert!(!fleet.passes(&token).await, "an hour is over");
    let info = fleet.auth(Method::GET, "", &token).await.body;
    assert_eq!(info["has_elevated_permissions"], false);
    assert!(info.get("elevated_permissions_expire_at").is_none());
}

#[tokio::test]
async fn an_elevation_ends_by_request_and_with_the_session() {
    let fleet = fleet(Elevation::Enrolled).await;
    let elevated = fleet.elevated().await;
    let lowered = bearer(&fleet.auth(Method::DELETE, "/_elevate", &elevated).await);
    assert_eq!(
        fleet.snapshot(&elevated).await.status,
        StatusCode::UNAUTHORIZED,
        "replaced"
    );
    assert!(!fleet.passes(&lowered).await);

    let elevated = fleet.elevated().await;
    fleet.auth(Method::POST, "/_logout", &elevated).await;
    assert_eq!(fleet.snapshot(&elevated).await.status, StatusCode::UNAUTHORIZED);
    assert!(
        !fleet.passes(&fleet.server.login("admin").await).await,
        "a new one is not"
    );
}

#[tokio::test]
async fn a_code_counts_once_and_one_step_either_way() {
    let fleet = fleet(Elevation::Enrolled).await;
    let session = fleet.server.login("admin").await;
    let same = elevate(&fleet.server, &session, &fleet.app.code(0)).await;
    assert_eq!(same.code(), "authc.invalid_token", "it confirmed the device");
    fleet.clock.forward(90);
    for off in [-2, 2] {
        let reply = elevate(&fleet.server, &session, &fleet.app.code(off)).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::BAD_REQUEST, "authc.invalid_token")
        );
    }
    let mut session = session;
    for off in [-1, 0, 1] {
        let code = fleet.app.code(off);
        session = bearer(&elevate(&fleet.server, &session, &format!("{} {}", &code[..3], &code[3..])).await);
        let again = elevate(&fleet.server, &session, &code).await;
        assert_eq!(again.code(), "authc.invalid_token", "{off}: once");
    }
    assert!(
        fleet.passes(&session).await,
        "a wrong code does not end what a right one began"
    );
}

#[tokio::test]
async fn a_recovery_code_does_instead_once() {
    let fleet = fleet(Elevation::Enrolled).await;
    let mut session = fleet.server.login("admin").await;
    for code in [
        fleet.recovery[0].clone(),
        fleet.recovery[1].to_uppercase().replace('-', ""),
    ] {
        session = bearer(&elevate(&fleet.server, &session, &code).await);
        assert!(fleet.passes(&session).await);
        let again = elevate(&fleet.server, &session, &code).await;
        assert_eq!(again.code(), "authc.invalid_token");
    }
    let left = fleet.server.get("/api/tintype/v1/user/totp").await.body;
    assert_eq!(left["recovery_codes_left"], 8);
}

#[tokio::test]
async fn a_bad_code_is_told_by_its_code_and_field() {
    let fleet = fleet(Elevation::Enrolled).await;
    let session = fleet.server.login("admin").await;
    for body in [
        "",
        "{}",
        r#"{"token":""}"#,
        r#"{"token":"12345"}"#,
        r#"{"token":"1234567"}"#,
        r#"{"token":123456}"#,
        r#"{"token":"aaaa-bbbb-cccc-dddd"}"#,
    ] {
        let path = format!("{AUTH}/_elevate");
        let reply = fleet.server.send(Method::POST, &path, &session, body).await;
        assert_eq!(
            (reply.status, reply.code(), reply.field()),
            (StatusCode::BAD_REQUEST, "authc.invalid_token", "token"),
            "{body}"
        );
    }
    fleet
        .server
        .add_user("bob", &[Role::EcePlatformAdmin], true)
        .await;
    let bob = fleet.server.login("bob").await;
    let none = elevate(&fleet.server, &bob, "123456").await;
    assert_eq!(none.code(), "authc.invalid_token");
    assert!(none.message().contains("no TOTP device"), "{}", none.message());
}

#[tokio::test]
async fn who_has_no_device_is_asked_for_none_and_a_password_alone_is_not_enough_for_who_has() {
    let fleet = fleet(Elevation::Enrolled).await;
    fleet
        .server
        .add_user("bob", &[Role::EcePlatformAdmin], true)
        .await;
    for credentials in [
        basic("bob", PASSWORD),
        key("bob"),
        fleet.server.login("bob").await,
    ] {
        assert!(fleet.passes(&credentials).await);
    }
    assert!(!fleet.passes(&basic("admin", PASSWORD)).await);
    let enrolled = "/api/tintype/v1/user/totp";
    let body = fleet
        .server
        .send(Method::POST, enrolled, &basic("bob", PASSWORD), "")
        .await;
    assert_eq!(body.status, StatusCode::CREATED);
    assert!(fleet.passes(&basic("bob", PASSWORD)).await, "not confirmed");
}

/// The key's secret as its only answer has it.
async fn make_key(fleet: &Fleet, credentials: &str) -> Option<String> {
    let body = json!({"description": "x"}).to_string();
    let made = fleet.server.send(Method::POST, KEYS, credentials, body).await;
    (made.status == StatusCode::CREATED).then(|| format!("ApiKey {}", made.body["key"].as_str().unwrap()))
}

#[tokio::test]
async fn a_key_stands_for_how_it_was_made() {
    let fleet = fleet(Elevation::Enrolled).await;
    assert!(
        fleet.passes(&key("admin")).await,
        "made before there was a device"
    );
    let session = fleet.server.login("admin").await;
    assert_eq!(make_key(&fleet, &session).await, None, "449");
    assert_eq!(make_key(&fleet, &basic("admin", PASSWORD)).await, None, "449");
    let good = make_key(&fleet, &fleet.elevated().await).await.unwrap();
    assert!(fleet.passes(&good).await);
    let child = make_key(&fleet, &good).await.unwrap();
    assert!(fleet.passes(&child).await);
    fleet.clock.forward(2 * 3600);
    assert!(fleet.passes(&good).await, "keys do not expire");
}

#[tokio::test]
async fn a_key_made_without_elevation_while_nobody_asked_is_not_elevated_later() {
    let clock = HandClock::new();
    let server = Server::start_with(clock.clone(), |config| {
        config.sessions.elevation = Elevation::Never
    })
    .await;
    let (app, recovery) = enrol(&server, "admin", &clock).await;
    let mut fleet = Fleet {
        server,
        clock,
        app,
        recovery,
    };
    let by_password = make_key(&fleet, &basic("admin", PASSWORD)).await.unwrap();
    let by_session = make_key(&fleet, &fleet.server.login("admin").await)
        .await
        .unwrap();
    let elevated = make_key(&fleet, &fleet.elevated().await).await.unwrap();
    let child = make_key(&fleet, &by_password).await.unwrap();
    for credentials in [
        &by_password,
        &by_session,
        &elevated,
        &child,
        &basic("admin", PASSWORD),
    ] {
        assert!(fleet.passes(credentials).await, "nobody is asked");
    }
    let mut config = (*fleet.server.app.config).clone();
    config.sessions.elevation = Elevation::Enrolled;
    fleet.server.app.config = Arc::new(config);
    fleet.server.router = tintype::http::router(fleet.server.app.clone());
    for (credentials, passes) in [
        (&by_password, false),
        (&by_session, false),
        (&child, false),
        (&elevated, true),
        (&key("admin"), true),
    ] {
        assert_eq!(fleet.passes(credentials).await, passes, "{credentials}");
    }
    let refused = fleet.snapshot(&by_password).await;
    assert!(refused.message().contains("API key"), "{}", refused.message());
}

#[tokio::test]
async fn always_asks_everyone_and_lets_them_enrol() {
    let fleet = fleet(Elevation::Always).await;
    fleet
        .server
        .add_user("bob", &[Role::EcePlatformAdmin], true)
        .await;
    let bob = fleet.server.login("bob").await;
    assert!(!fleet.passes(&bob).await);
    let told = fleet.snapshot(&bob).await;
    assert!(told.message().contains("enrol"), "{}", told.message());
    assert!(!fleet.passes(&basic("bob", PASSWORD)).await);
    let (app, _) = enrol(&fleet.server, "bob", &fleet.clock).await;
    let elevated = bearer(&elevate(&fleet.server, &bob, &app.fresh()).await);
    assert!(fleet.passes(&elevated).await);
}

#[tokio::test]
async fn never_asks_nobody() {
    let fleet = fleet(Elevation::Never).await;
    for credentials in [basic("admin", PASSWORD), fleet.server.login("admin").await] {
        assert!(fleet.passes(&credentials).await);
    }
}

#[tokio::test]
async fn the_role_is_looked_at_before_and_the_cluster_after() {
    let fleet = fleet(Elevation::Enrolled).await;
    fleet
        .server
        .add_user("eve", &[Role::EceDeploymentViewer], true)
        .await;
    enrol(&fleet.server, "eve", &fleet.clock).await;
    let eve = fleet.snapshot(&basic("eve", PASSWORD)).await;
    assert_eq!(
        (eve.status, eve.code()),
        (StatusCode::FORBIDDEN, "root.unauthorized.rbac")
    );
    for path in [
        SNAPSHOT.to_owned(),
        SNAPSHOT.replace("/clusters", "/regions/ece-region/clusters"),
        SNAPSHOT.replace("/clusters", "/regions/elsewhere/clusters"),
    ] {
        let reply = fleet
            .server
            .send(Method::POST, &path, &basic("admin", PASSWORD), "{not JSON")
            .await;
        assert_eq!(reply.status.as_u16(), 449, "{path}");
    }
}

/// What changes something that others see needs elevation, under each API: or one would be the way around the other.
#[test]
fn every_route_that_changes_what_others_see_needs_elevation() {
    let description: Value = serde_json::from_str(include_str!("ece-3.0.0-subset.json")).unwrap();
    for route in routes() {
        let method = route.method.as_str().to_lowercase();
        let described = &description["paths"][route.path][&method]["responses"]["449"];
        let own = route.path.starts_with("/user/") || route.path.starts_with("/users/auth");
        let wanted = match route.surface {
            Surface::Native | Surface::Root => route.method != Method::GET && !own,
            Surface::Regional | Surface::Global => described.is_object(),
        };
        assert_eq!(route.needs_elevation(), wanted, "{} {}", route.method, route.path);
    }
}
