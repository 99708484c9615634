//! The vendor's Go SDK 1.6.0, which still knows clusters, by the program in `sdk/`.

use crate::stage::{CLUSTER, FAILING, MAIN, Stage, clean, client, includes, run, steps};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Steps = BTreeMap<String, Value>;

const PASSWORD: &str = "password of a guarded user";

async fn sdk(mode: &str, settings: Value) -> Steps {
    let mut command = clean(client("sdk").await);
    command.arg(mode);
    steps(&run(command, settings.to_string()).await)
}

async fn with_key(stage: &Stage) -> Steps {
    let settings = json!({
        "Host": stage.tintype.url(), "APIKey": stage.key,
        "Cluster": CLUSTER, "Failing": FAILING, "Repository": MAIN,
    });
    sdk("key", settings).await
}

/// Compares each step that is named with what must be in it; no other step may be there.
fn assert_steps(found: &Steps, wanted: &[(&str, Value)]) {
    let mut wrong = Vec::new();
    for (step, wanted) in wanted {
        match found.get(*step) {
            Some(line) if includes(line, wanted) && line["invalid"].is_null() => {}
            line => wrong.push(format!(
                "{step}: {}\n  wanted {wanted}",
                line.unwrap_or(&Value::Null)
            )),
        }
    }
    let named = |step: &&String| wanted.iter().any(|(name, _)| name == step);
    for step in found.keys().filter(|step| !named(step)) {
        wrong.push(format!("{step} is not expected: {}", found[step]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A step that went well, with this in its payload.
fn good(value: Value) -> Value {
    json!({"error": null, "value": value})
}

/// A step that ended in the type that the SDK has for it, by header and body.
fn typed(name: &str, code: &str) -> Value {
    json!({"error": format!("*{name}"), "codes": [code], "header": code})
}

/// The same, of a type that has no place for the header.
fn headless(name: &str, code: &str) -> Value {
    json!({"error": format!("*{name}"), "codes": [code]})
}

/// A step that ended in a status for which the SDK has no type, since ECE's description has none.
fn untyped(status: u16) -> Value {
    json!({"error": "*runtime.APIError", "status": status})
}

#[tokio::test]
async fn the_sdk_with_a_key() {
    let found = with_key(&Stage::start().await).await;
    let wanted = [repositories(), clusters(), snapshots(), settings(), accounts()].concat();
    assert_steps(&found, &wanted);
}

fn repositories() -> Vec<(&'static str, Value)> {
    let config = |kind: &str, settings: Value| json!({"config": {"type": kind, "settings": settings}});
    let s3 = json!({"bucket": "snapshots", "base_path": "sdk", "access_key": "AKIASDK", "secret_key": null});
    let names = ["main", "sdk-fs", "sdk-s3"].map(|name| json!({"repository_name": name}));
    vec![
        ("repository.set.s3", good(Value::Null)),
        ("repository.get.s3", good(config("s3", s3))),
        ("repository.set.fs", good(Value::Null)),
        ("repository.set.refused", untyped(400)),
        ("repository.list", good(json!({"configs": names}))),
        ("repository.delete", good(Value::Null)),
        ("repository.get.gone", untyped(404)),
        ("repository.delete.gone", untyped(404)),
        (
            "platform.get",
            good(json!({"regions": [{"region_id": "ece-region"}], "eula_accepted": true})),
        ),
    ]
}

fn clusters() -> Vec<(&'static str, Value)> {
    let es = |name: &str| format!("clusters_elasticsearch.{name}");
    let missing = "clusters.cluster_not_found";
    let one = json!({"elasticsearch_clusters": [{"cluster_id": CLUSTER}], "return_count": 1});
    let cluster = json!({"cluster_id": CLUSTER, "status": "started", "snapshots": {"count": 0}});
    vec![
        ("cluster.list", good(json!({"return_count": 2}))),
        ("cluster.get", good(cluster)),
        ("cluster.get.missing", typed(&es("GetEsClusterNotFound"), missing)),
        ("cluster.search.all", good(json!({"return_count": 2}))),
        ("cluster.search.term", good(one)),
        (
            "cluster.search.refused",
            json!({"error": format!("*{}", es("SearchEsClustersBadRequest"))}),
        ),
        (
            "cluster.create.refused",
            typed(
                &es("CreateEsClusterBadRequest"),
                "clusters.plan_feature_not_implemented",
            ),
        ),
        (
            "cluster.delete.missing",
            typed(&es("DeleteEsClusterNotFound"), missing),
        ),
        ("cluster.get.unknown_key", untyped(401)),
    ]
}

fn snapshots() -> Vec<(&'static str, Value)> {
    let es = |name: &str, code: &str| typed(&format!("clusters_elasticsearch.SnapshotEsCluster{name}"), code);
    vec![
        ("snapshot.named", good(json!({"name": "by-sdk"}))),
        ("snapshot.no_body", json!({"error": null})),
        ("snapshot.empty_body", json!({"error": null})),
        (
            "snapshot.same_name",
            es("Conflict", "clusters.snapshot.name_conflict"),
        ),
        (
            "snapshot.missing_cluster",
            es("NotFound", "clusters.cluster_not_found"),
        ),
        (
            "snapshot.missing_repository",
            es("NotFound", "clusters.snapshot.repository_not_found"),
        ),
        (
            "snapshot.wrong_credentials",
            es("Unauthorized", "clusters.snapshot.invalid_credentials"),
        ),
        ("snapshot.bad_name", untyped(400)),
        (
            "snapshot.engine_fails",
            es("InternalServerError", "clusters.snapshot.failed"),
        ),
        ("snapshot.unknown_key", es("Unauthorized", "root.unauthenticated")),
    ]
}

fn settings() -> Vec<(&'static str, Value)> {
    let payload = |value: Value| good(json!({"Payload": value}));
    let es = |name: &str, code: &str| headless(&format!("clusters_elasticsearch.{name}"), code);
    vec![
        (
            "settings.get",
            payload(json!({"enabled": false, "suspended": [], "slm": false})),
        ),
        ("settings.patch", payload(json!({"repository_name": "sdk-fs"}))),
        ("settings.patch.stale", untyped(409)),
        ("settings.patch.refused", untyped(400)),
        ("settings.patch.back", payload(json!({"repository_name": MAIN}))),
        (
            "settings.get.missing",
            es(
                "GetEsClusterSnapshotSettingsNotFound",
                "clusters.cluster_not_found",
            ),
        ),
        ("name.set", good(Value::Null)),
        ("metadata.get", payload(json!({"name": "named / by the SDK"}))),
        ("metadata.patch", payload(json!({"name": "patched by the SDK"}))),
    ]
}

fn accounts() -> Vec<(&'static str, Value)> {
    let key = json!({"description": "by the SDK"});
    let user = |more: Value| good(json!({"user_name": "sdk-user", "security": more}));
    let on = json!({"enabled": true, "roles": ["ece_deployment_viewer"]});
    let updated = json!({"enabled": false, "roles": ["ece_platform_viewer"]});
    vec![
        ("key.create", good(key.clone())),
        ("key.get", good(key)),
        ("key.list", json!({"error": null})),
        ("key.list.all", json!({"error": null})),
        ("key.delete", good(Value::Null)),
        (
            "key.delete.gone",
            json!({"error": "*authentication.DeleteAPIKeyNotFound"}),
        ),
        ("user.create", user(on.clone())),
        ("user.create.again", json!({"error": "*users.CreateUserConflict"})),
        ("user.get", user(on)),
        (
            "user.list",
            good(json!({"users": [{"user_name": "admin"}, {"user_name": "sdk-user"}]})),
        ),
        ("user.disable", user(json!({"enabled": false}))),
        ("user.update", user(updated)),
        ("user.current", good(json!({"user_name": "admin"}))),
        // The first administrator is built in.
        (
            "user.current.update",
            typed("users.UpdateCurrentUserBadRequest", "user.cannot_modify"),
        ),
        ("user.delete", good(Value::Null)),
        ("user.get.gone", json!({"error": "*users.GetUserNotFound"})),
    ]
}

/// The headers that the SDK reads beside the settings: a change makes another version, created stays.
#[tokio::test]
async fn the_sdk_reads_versions_of_settings() {
    let found = with_key(&Stage::start().await).await;
    let of = |step: &str, name: &str| found[step]["value"][name].as_str().unwrap().to_owned();
    let version = |step: &str| of(step, "Version").parse::<i64>().unwrap();
    assert!(version("settings.get") < version("settings.patch"));
    assert_eq!(of("settings.get", "Created"), of("settings.patch", "Created"));
    assert!(of("settings.get", "Modified") < of("settings.patch", "Modified"));
    assert!(version("metadata.get") < version("metadata.patch"));
}

#[tokio::test]
async fn the_sdk_with_a_password_and_a_second_factor() {
    let stage = Stage::start().await;
    let mfa = stage.guarded_user("guarded", PASSWORD).await;
    let settings = json!({
        "Host": stage.tintype.url(), "User": "guarded", "Password": PASSWORD, "MFA": mfa, "Cluster": CLUSTER,
    });
    let found = sdk("session", settings).await;
    let again = "root.unauthorized.rbac.elevated_permissions_required";
    let not_elevated = || typed("clusters_elasticsearch.SnapshotEsClusterRetryWith", again);
    let info = |elevated: bool| {
        good(
            json!({"has_totp_device": true, "has_elevated_permissions": elevated, "totp_device_source": "native"}),
        )
    };
    let done = || json!({"error": null});
    let wanted = [
        ("login.wrong", json!({"error": "*multierror.Prefixed"})),
        ("login", done()),
        ("refresh", done()),
        ("info", info(false)),
        ("snapshot.not_elevated", not_elevated()),
        (
            "elevate.wrong",
            typed(
                "authentication.EnableElevatedPermissionsBadRequest",
                "authc.invalid_token",
            ),
        ),
        ("elevate", done()),
        ("info.elevated", info(true)),
        ("snapshot.elevated", done()),
        ("refresh.elevated", done()),
        ("snapshot.refreshed", done()),
        (
            "reauthenticate.wrong",
            json!({"error": "*authentication.ReAuthenticateBadRequest"}),
        ),
        ("reauthenticate", done()),
        (
            "key.create",
            good(json!({"description": "by the SDK, after the password"})),
        ),
        ("user.current.update", good(json!({"full_name": "The guarded"}))),
        ("lower", done()),
        ("snapshot.lowered", not_elevated()),
        ("logout", done()),
        ("info.logged_out", untyped(401)),
        ("refresh.logged_out", json!({"error": "*multierror.Prefixed"})),
    ];
    assert_steps(&found, &wanted);
    let token = &found["reauthenticate"]["value"];
    assert!(token.as_str().is_some_and(|token| !token.is_empty()), "{token}");
}
