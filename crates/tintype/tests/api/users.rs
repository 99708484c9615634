//! Users: made, shown, changed, deleted; what is refused, and that all of it works at once.

use crate::description::{Definition, conforms};
use crate::support::{PASSWORD, Reply, Server, basic, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tintype::model::Role;

pub const USERS: &str = "/api/v1/users";
pub const GOOD: &str = "a-good-long-password";

async fn post(server: &Server, body: Value) -> Reply {
    server.post(USERS, body.to_string()).await
}

pub async fn patch(server: &Server, name: &str, body: Value) -> Reply {
    let path = format!("{USERS}/{name}");
    server
        .send(Method::PATCH, &path, &key("admin"), body.to_string())
        .await
}

pub async fn delete(server: &Server, name: &str, who: &str) -> Reply {
    server
        .send(Method::DELETE, &format!("{USERS}/{name}"), &key(who), "")
        .await
}

/// Status, code and field of a refusal.
pub fn told(reply: &Reply) -> (u16, &str, &str) {
    (reply.status.as_u16(), reply.code(), reply.field())
}

fn jane() -> Value {
    json!({
        "user_name": "jane", "full_name": "Jane Doe", "email": "jane@example.org",
        "security": {"password": GOOD, "roles": ["ece_deployment_viewer"]},
    })
}

#[tokio::test]
async fn a_user_is_made_shown_changed_and_deleted() {
    let server = Server::start().await;
    let made = post(&server, jane()).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    conforms(&made.body, Definition("User"));
    for (member, wanted) in [
        ("/user_name", json!("jane")),
        ("/full_name", json!("Jane Doe")),
        ("/email", json!("jane@example.org")),
        ("/builtin", json!(false)),
        ("/metadata/created_by", json!("admin")),
        ("/security/roles", json!(["ece_deployment_viewer"])),
        ("/security/enabled", json!(true)),
        (
            "/security/security_realm",
            json!({"type": "native", "id": "native"}),
        ),
    ] {
        assert_eq!(made.body.pointer(member), Some(&wanted), "{member}");
    }
    assert_eq!(made.body.pointer("/security/password"), None);
    let shown = server.get("/api/v1/users/jane").await.body;
    assert_eq!(shown, made.body);
    let list = server.get(USERS).await.body;
    conforms(&list, Definition("UserList"));
    assert_eq!(list["users"][1], shown);

    let credentials = basic("jane", GOOD);
    let me = server.send(Method::GET, "/api/v1/user", &credentials, "").await;
    assert_eq!((me.status, &me.body), (StatusCode::OK, &shown));
    let refused = server.send(Method::GET, USERS, &credentials, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let changed = patch(
        &server,
        "jane",
        json!({"full_name": null, "security": {"roles": ["ece_platform_viewer"]}}),
    )
    .await;
    conforms(&changed.body, Definition("User"));
    assert_eq!(changed.body.get("full_name"), None);
    assert_eq!(
        changed.body["email"], "jane@example.org",
        "what is not named stays"
    );
    assert_eq!(changed.body["metadata"]["updated_by"], "admin");
    let now_seen = server.send(Method::GET, USERS, &credentials, "").await;
    assert_eq!(now_seen.status, StatusCode::OK, "the new role works at once");

    let deleted = delete(&server, "jane", "admin").await;
    assert_eq!((deleted.status, deleted.body), (StatusCode::OK, json!({})));
    let gone = server.send(Method::GET, "/api/v1/user", &credentials, "").await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told(&server.get("/api/v1/users/jane").await).1, "user.not_found");
}

#[tokio::test]
async fn a_wrong_user_is_refused_by_its_member() {
    let server = Server::start().await;
    let security = |member: Value| json!({"user_name": "x", "security": member});
    let with = |member: &str, value: Value| {
        let mut user = jane();
        user[member] = value;
        user
    };
    let secure = |member: &str, value: Value| {
        let mut user = jane();
        user["security"][member] = value;
        user
    };
    let (invalid, name) = ("root.invalid_request", "user.user_name.invalid");
    let restricted = "user.restricted_field";
    for (body, code, field) in [
        (json!({}), name, "user_name"),
        (with("user_name", json!("")), name, "user_name"),
        (with("user_name", json!("a/b")), name, "user_name"),
        (with("user_name", json!("..")), name, "user_name"),
        (with("user_name", json!("auth")), name, "user_name"),
        (with("user_name", json!("a:b")), name, "user_name"),
        (with("user_name", json!("a\u{0}b")), name, "user_name"),
        (with("user_name", json!("x".repeat(65))), name, "user_name"),
        (with("user_name", json!(7)), invalid, "user_name"),
        (json!({"user_name": "x"}), invalid, "security.password"),
        (security(json!({})), invalid, "security.password"),
        (security(json!([])), invalid, "security"),
        (secure("password", json!("short")), invalid, "security.password"),
        (
            secure("password", json!("x".repeat(1025))),
            invalid,
            "security.password",
        ),
        (
            secure("password", json!(31_337_313_373_u64)),
            invalid,
            "security.password",
        ),
        (secure("password", json!(null)), invalid, "security.password"),
        (
            secure("roles", json!(["root"])),
            "user.roles.invalid",
            "security.roles",
        ),
        (
            secure("roles", json!("ece_platform_admin")),
            invalid,
            "security.roles",
        ),
        (secure("roles", json!([1])), invalid, "security.roles[0]"),
        (secure("enabled", json!("yes")), invalid, "security.enabled"),
        (
            secure("permissions", json!(["get-user"])),
            restricted,
            "security.permissions",
        ),
        (
            secure("elevated_permissions", json!({"enabled": true})),
            restricted,
            "security.elevated_permissions",
        ),
        (
            secure("security_realm", json!({"type": "ldap", "id": "x"})),
            restricted,
            "security.security_realm",
        ),
        (secure("no_such", json!(1)), invalid, "security.no_such"),
        (with("builtin", json!(true)), restricted, "builtin"),
        (
            with("metadata", json!({"created_by": "x"})),
            restricted,
            "metadata",
        ),
        (with("full_name", json!("x".repeat(257))), invalid, "full_name"),
        (with("full_name", json!("a\u{1b}[2J")), invalid, "full_name"),
        (with("email", json!("nobody")), invalid, "email"),
        (with("no_such", json!(1)), invalid, "no_such"),
    ] {
        let reply = post(&server, body.clone()).await;
        assert_eq!(told(&reply), (400, code, field), "{body}: {}", reply.body);
        assert!(!reply.body.to_string().contains("31337"));
    }
    assert_eq!(server.app.store.user_count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_name_is_taken_once_without_regard_to_case() {
    let server = Server::start().await;
    for name in ["admin", "ADMIN"] {
        let mut user = jane();
        user["user_name"] = json!(name);
        assert_eq!(
            told(&post(&server, user).await),
            (409, "user.user_name.conflict", "user_name")
        );
    }
    let least =
        json!({"user_name": "least", "builtin": false, "security": {"password": GOOD, "enabled": null}});
    let made = post(&server, least).await;
    assert_eq!(
        (&made.body["security"]["roles"], &made.body["security"]["enabled"]),
        (&json!([]), &json!(true)),
        "{}",
        made.body
    );
}

#[tokio::test]
async fn a_wrong_change_is_refused_by_its_member_and_changes_nothing() {
    let server = Server::start().await;
    server.add_user("jane", &[Role::EceDeploymentViewer], true).await;
    let before = server.get("/api/v1/users/jane").await.body;
    for (body, code, field) in [
        (json!({"user_name": "eve"}), "user.restricted_field", "user_name"),
        (json!({"builtin": true}), "user.restricted_field", "builtin"),
        (
            json!({"metadata": {"created_at": "2000-01-01T00:00:00Z"}}),
            "user.restricted_field",
            "metadata",
        ),
        (
            json!({"security": {"permissions": []}}),
            "user.restricted_field",
            "security.permissions",
        ),
        (
            json!({"security": {"roles": ["ece_platform_admin", "x"]}}),
            "user.roles.invalid",
            "security.roles",
        ),
        (
            json!({"security": {"password": "1234567"}}),
            "root.invalid_request",
            "security.password",
        ),
        (
            json!({"email": 5, "full_name": "changed"}),
            "root.invalid_request",
            "email",
        ),
        (json!({"no_such": 1}), "root.invalid_request", "no_such"),
    ] {
        let reply = patch(&server, "jane", body.clone()).await;
        assert_eq!(told(&reply), (400, code, field), "{body}: {}", reply.body);
    }
    assert_eq!(server.get("/api/v1/users/jane").await.body, before);
    assert_eq!(
        told(&patch(&server, "nobody", json!({"no_such": 1})).await).1,
        "user.not_found"
    );
}

#[tokio::test]
async fn a_user_may_be_sent_back_as_it_was_shown() {
    let server = Server::start().await;
    server.add_user("jane", &[Role::EceDeploymentViewer], true).await;
    let shown = server.get("/api/v1/users/jane").await.body;
    let reply = patch(&server, "jane", shown.clone()).await;
    assert_eq!((reply.status, reply.body), (StatusCode::OK, shown.clone()));
    let mut edited = shown.clone();
    edited["full_name"] = json!("Jane");
    let reply = patch(&server, "jane", edited).await;
    assert_eq!(
        (reply.status, &reply.body["full_name"]),
        (StatusCode::OK, &json!("Jane"))
    );
    // What older clients send for lists that they leave alone.
    let older =
        json!({"user_name": "jane", "security": {"enabled": true, "permissions": null, "roles": null}});
    let reply = patch(&server, "jane", older).await;
    assert_eq!(
        reply.body["security"]["roles"], shown["security"]["roles"],
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_listed_on_request() {
    let server = Server::start().await;
    server.add_user("jane", &[Role::EceDeploymentViewer], true).await;
    let ask = async |credentials: String| {
        server
            .send(Method::GET, "/api/v1/user", &credentials, "")
            .await
            .status
    };
    let both = || [key("jane"), basic("jane", PASSWORD)];
    for (enabled, status, listed) in [(true, 200, 2), (false, 401, 1), (true, 200, 2)] {
        let reply = patch(&server, "jane", json!({"security": {"enabled": enabled}})).await;
        assert_eq!(reply.body["security"]["enabled"], enabled);
        for credentials in both() {
            assert_eq!(ask(credentials).await.as_u16(), status);
        }
        let count = async |query: &str| {
            let list = server.get(&format!("{USERS}{query}")).await.body;
            list["users"].as_array().unwrap().len()
        };
        assert_eq!(count("").await, listed);
        assert_eq!(count("?include_disabled=false").await, listed);
        assert_eq!(count("?include_disabled=true").await, 2);
    }
    let reply = server.get(&format!("{USERS}?include_disabled=maybe")).await;
    assert_eq!(told(&reply), (400, "root.invalid_request", "include_disabled"));
}

#[tokio::test]
async fn a_password_that_an_admin_sets_works_at_once() {
    let server = Server::start().await;
    server.add_user("jane", &[], true).await;
    let ask = async |password: &str| {
        let me = server
            .send(Method::GET, "/api/v1/user", &basic("jane", password), "")
            .await;
        me.status.as_u16()
    };
    assert_eq!(ask(PASSWORD).await, 200);
    let reply = patch(&server, "jane", json!({"security": {"password": GOOD}})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!((ask(PASSWORD).await, ask(GOOD).await), (401, 200));
}

#[tokio::test]
async fn names_in_a_path_are_decoded_once() {
    let server = Server::start().await;
    server.add_user("jane@example.org", &[], true).await;
    for (path, status) in [
        ("jane@example.org", 200),
        ("jane%40example.org", 200),
        ("%6aane%40example.org", 200),
        ("Jane@example.org", 404),
        ("jane%2540example.org", 404),
        ("a%2Fb", 404),
        ("%2e%2e", 404),
        ("%00", 404),
    ] {
        let reply = server.get(&format!("{USERS}/{path}")).await;
        assert_eq!(reply.status.as_u16(), status, "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn permissions_are_the_calls_that_the_roles_allow() {
    let server = Server::start().await;
    for (name, roles) in [("none", vec![]), ("viewer", vec![Role::EcePlatformViewer])] {
        server.add_user(name, &roles, true).await;
    }
    let of = async |name: &str| {
        server.get(&format!("{USERS}/{name}")).await.body["security"]["permissions"].clone()
    };
    let has = |permissions: &Value, id: &str| permissions.as_array().unwrap().contains(&json!(id));
    let (none, viewer, admin) = (of("none").await, of("viewer").await, of("admin").await);
    for (id, expected) in [
        ("get-current-user", [true, true, true]),
        ("get-users", [false, true, true]),
        ("create-user", [false, false, true]),
        ("snapshot-es-cluster", [false, false, true]),
    ] {
        let found = [has(&none, id), has(&viewer, id), has(&admin, id)];
        assert_eq!(found, expected, "{id}: {admin}");
    }
}
