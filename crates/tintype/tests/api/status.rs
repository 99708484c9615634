//! The fleet that is already there, over fake engines: policies, verdicts, examinations.

use crate::support::{Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tintype::model::Role;
use tintype_testkit::fake::{Dialect, FakeEngine, Index, Policy, SnapshotState};
use tintype_testkit::faults::{Fault, Rule};

const NATIVE: &str = "/api/tintype/v1";

/// Milliseconds since 1970, so many hours ago.
fn ago(hours: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap() - hours * 3_600_000
}

/// A fake engine with a repository and an index; nothing was snapshotted yet.
fn engine(dialect: Dialect) -> FakeEngine {
    let engine = FakeEngine::start(dialect).unwrap();
    engine.add_index("flights", Index::default());
    let location = format!("/backups/{}", engine.uuid());
    engine.put_repository(
        "backups",
        json!({"type": "fs", "settings": {"location": location}}),
    );
    engine
}

async fn attach(server: &Server, id: &str, engine: &FakeEngine, access: &str) {
    let body = json!({"id": id, "name": id, "url": engine.url(), "access": access});
    let reply = server.post(&format!("{NATIVE}/clusters"), body.to_string()).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
}

async fn get(server: &Server, path: &str) -> Value {
    let reply = server.get(&format!("{NATIVE}{path}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.body
}

fn only_reads(engine: &FakeEngine) {
    let sent = engine.faults().requests();
    let changes: Vec<_> = sent.iter().filter(|one| one.method != Method::GET).collect();
    assert!(!sent.is_empty() && changes.is_empty(), "{changes:?}");
}

#[tokio::test]
async fn everything_that_is_there_is_shown_at_once_after_an_attach() {
    let engine = engine(Dialect::Es8);
    engine.add_snapshot_at("backups", "good", SnapshotState::Success, ago(3));
    engine.add_snapshot_at("backups", "nightly", SnapshotState::Partial, ago(2));
    engine.add_index("orders", Index::default());
    engine.add_index(".security-7", Index::default());
    engine.set_policies(vec![Policy {
        name: "daily".into(),
        schedule: "0 30 1 * * ?".into(),
        repository: "backups".into(),
        last_success: Some(ago(3)),
        last_failure: Some((ago(2), "disk full".into())),
        next: ago(0),
    }]);
    let server = Server::start().await;
    attach(&server, "logs", &engine, "observe").await;

    let shown = get(&server, "/clusters/logs").await;
    let inventory = &shown["observation"]["inventory"];
    assert_eq!(inventory["last_good"]["name"], "good", "{inventory}");
    let repository = &inventory["repositories"][0];
    assert_eq!(
        (&repository["name"], &repository["snapshots"]),
        (&json!("backups"), &json!(2))
    );
    assert_eq!(repository["newest"]["state"], "PARTIAL");
    assert!(
        repository["newest"]["failures"][0]
            .as_str()
            .unwrap()
            .contains("No space left")
    );
    let policy = &inventory["policies"][0];
    assert_eq!(
        (&policy["name"], &policy["last_failure_cause"]),
        (&json!("daily"), &json!("disk full"))
    );
    assert_eq!(
        inventory["uncovered"],
        json!({"total": 1, "names": ["orders"], "system": 1})
    );

    let status = get(&server, "/status").await;
    let row = &status["clusters"][0];
    assert_eq!(
        (&row["verdict"], &status["counts"]["failing"]),
        (&json!("failing"), &json!(1))
    );
    let reasons = row["reasons"].to_string();
    assert!(
        reasons.contains("backups/nightly is PARTIAL") && reasons.contains("disk full"),
        "{reasons}"
    );
    assert_eq!(row["policy_failure"], "daily: disk full");
    assert_eq!(
        (&row["uncovered_indices"], &row["uncovered_names"]),
        (&json!(1), &json!(["orders"]))
    );
    get(&server, "/clusters/logs/_doctor").await;
    only_reads(&engine);
}

#[tokio::test]
async fn the_age_that_is_late_is_the_callers() {
    let server = Server::start().await;
    for (id, hours) in [("young", 1), ("old", 30)] {
        let engine = engine(Dialect::Os2);
        engine.add_snapshot_at("backups", "s", SnapshotState::Success, ago(hours));
        attach(&server, id, &engine, "observe").await;
    }
    let empty = engine(Dialect::Os2);
    attach(&server, "empty", &empty, "observe").await;
    let verdicts = async |query: &str| {
        let status = get(&server, &format!("/status{query}")).await;
        let rows = status["clusters"].as_array().unwrap().clone();
        let row = |one: &Value| format!("{} {}", one["id"], one["verdict"]).replace('"', "");
        rows.iter().map(row).collect::<Vec<String>>()
    };
    assert_eq!(verdicts("").await, ["empty never", "old late", "young ok"]);
    assert_eq!(
        verdicts("?max_age_seconds=1800").await,
        ["empty never", "old late", "young late"]
    );
    assert_eq!(
        verdicts("?max_age_seconds=172800&only=ok").await,
        ["old ok", "young ok"]
    );
    assert_eq!(verdicts("?only=late,%20never&from=1&size=1").await, ["old late"]);
    let refused = server.get(&format!("{NATIVE}/status?only=lat")).await;
    assert_eq!(
        (refused.status, refused.field()),
        (StatusCode::BAD_REQUEST, "only")
    );
}

#[tokio::test]
async fn a_location_with_two_writers_fails_both_and_an_engine_that_is_gone_is_unreachable() {
    let server = Server::start().await;
    let (left, right) = (engine(Dialect::Os2), engine(Dialect::Es7));
    for (id, engine) in [("left", &left), ("right", &right)] {
        engine.put_repository(
            "both",
            json!({"type": "fs", "settings": {"location": "/backups/both"}}),
        );
        engine.add_snapshot("backups", "s", SnapshotState::Success);
        attach(&server, id, engine, "observe").await;
    }
    server.app.operations.find_shared_locations().await.unwrap();
    let status = get(&server, "/status").await;
    assert_eq!(status["counts"]["failing"], 2, "{status}");
    let row = &status["clusters"][0];
    assert_eq!(row["reasons"], json!(["another cluster writes to its location"]));
    let found = get(&server, "/clusters/left/_doctor").await;
    assert_eq!(found["findings"][0]["check"], "location", "{found}");

    left.stop();
    server.app.operations.refresh(&"left".parse().unwrap()).await;
    let status = get(&server, "/status").await;
    assert_eq!(
        (&status["clusters"][0]["id"], &status["clusters"][0]["verdict"]),
        (&json!("left"), &json!("unreachable"))
    );
    let found = get(&server, "/clusters/left/_doctor").await;
    let connection = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"] == "connection");
    assert_eq!(connection.unwrap()["severity"], "error");
}

#[tokio::test]
async fn thousands_of_snapshots_leave_a_small_document_and_a_look_does_not_list_them_again() {
    let engine = engine(Dialect::Os2);
    for number in 0..300 {
        engine.add_index(&format!("logs-{number:04}"), Index::default());
    }
    engine.put_repository(
        "own",
        json!({"type": "fs", "settings": {"location": "/backups/own"}}),
    );
    for number in 0..2_000 {
        engine.add_snapshot_at(
            "own",
            &format!("s{number}"),
            SnapshotState::Partial,
            ago(1) + number,
        );
    }
    let server = Server::start().await;
    let body = json!({"id": "big", "url": engine.url(), "access": "observe", "engine_repository": "own"});
    server.post(&format!("{NATIVE}/clusters"), body.to_string()).await;
    let id = "big".parse().unwrap();
    let listed = || {
        let all = engine.faults().matching("GET", "/_snapshot/own/_all");
        all.iter()
            .filter(|one| !one.query.contains("verbose=false"))
            .count()
    };
    let seen = server.app.store.observation(&id).await.unwrap().unwrap();
    assert_eq!((seen.snapshots.count, listed()), (2_000, 1));
    let size = serde_json::to_string(&seen).unwrap().len();
    assert!(size < 16_384, "{size}");

    server.app.operations.refresh(&id).await;
    assert_eq!(listed(), 1, "nothing came, went or ended");
    engine.add_snapshot("own", "new", SnapshotState::Success);
    server.app.operations.refresh(&id).await;
    let seen = server.app.store.observation(&id).await.unwrap().unwrap();
    assert_eq!((seen.snapshots.count, listed()), (2_001, 2));
    assert_eq!(seen.snapshots.latest_successful_name.as_deref(), Some("new"));
}

#[tokio::test]
async fn snapshots_are_listed_over_all_repositories_by_state_and_up_to_a_limit() {
    let engine = engine(Dialect::Os2);
    engine.put_repository(
        "Other",
        json!({"type": "fs", "settings": {"location": "/backups/other"}}),
    );
    for (hours, repository, state) in [
        (5, "backups", SnapshotState::Success),
        (4, "Other", SnapshotState::Failed),
        (3, "backups", SnapshotState::Partial),
        (2, "Other", SnapshotState::Success),
    ] {
        engine.add_snapshot_at(repository, &format!("s{hours}"), state, ago(hours));
    }
    let server = Server::start().await;
    attach(&server, "c", &engine, "observe").await;
    let listed = async |query: &str| {
        let list = get(&server, &format!("/clusters/c/snapshots?{query}")).await;
        let all = list["snapshots"].as_array().unwrap();
        let names: Vec<String> = all
            .iter()
            .map(|one| format!("{}/{}", one["repository"], one["name"]).replace('"', ""))
            .collect();
        (
            names.join(" "),
            list["total"].as_u64().unwrap(),
            list["problems"].clone(),
        )
    };
    let all = "Other/s2 backups/s3 Other/s4 backups/s5";
    assert_eq!(listed("repository=_all").await, (all.to_owned(), 4, Value::Null));
    assert_eq!(listed("repository=_all&limit=1").await.0, "Other/s2");
    assert_eq!(listed("repository=_all&limit=1").await.1, 4);
    assert_eq!(
        listed("repository=_all&state=partial,FAILED").await.0,
        "backups/s3 Other/s4"
    );
    assert_eq!(listed("repository=backups&state=SUCCESS").await.0, "backups/s5");
    let broken = Fault::engine_error(500, "repository_exception", "cannot read");
    engine.fault(Rule::new("GET", "/_snapshot/Other/_all", broken));
    let (names, _, problems) = listed("repository=_all").await;
    assert_eq!(names, "backups/s3 backups/s5");
    assert!(
        problems["Other"].as_str().unwrap().contains("cannot read"),
        "{problems}"
    );
}

/// What is found, by severity and check.
fn found(body: &Value) -> Vec<String> {
    let all = body["findings"].as_array().unwrap();
    all.iter()
        .map(|one| format!("{} {}", one["severity"], one["check"]).replace('"', ""))
        .collect()
}

#[tokio::test]
async fn missing_privileges_come_with_the_role_to_paste() {
    let server = Server::start().await;
    let elastic = engine(Dialect::Es8);
    elastic.deny(&["monitor_snapshot", "view_index_metadata"]);
    attach(&server, "elastic", &elastic, "observe").await;
    let body = get(&server, "/clusters/elastic/_doctor").await;
    assert_eq!(found(&body), ["error privileges", "note repository"], "{body}");
    let finding = &body["findings"][0];
    assert_eq!(
        finding["message"],
        "fake lacks monitor_snapshot, view_index_metadata on *"
    );
    assert_eq!(finding["role"]["path"], "/_security/role/tintype-observe");
    elastic.deny(&["cluster:admin/slm/get"]);
    let body = get(&server, "/clusters/elastic/_doctor").await;
    assert_eq!(found(&body)[0], "warning privileges", "{body}");

    let open = engine(Dialect::Os2);
    attach(&server, "open", &open, "take").await;
    let body = get(&server, "/clusters/open/_doctor").await;
    assert_eq!(
        found(&body),
        ["note privileges", "note repository"],
        "security is off: {body}"
    );
    open.fault(
        Rule::new(
            "GET",
            "/_plugins/_security/authinfo",
            Fault::Status(200, json!({})),
        )
        .always(),
    );
    let words = "no permissions for [cluster:admin/snapshot/status] and User [name=x]";
    let refused = Fault::engine_error(403, "security_exception", words);
    open.fault(Rule::new("GET", "/_snapshot/_status", refused).always());
    let body = get(&server, "/clusters/open/_doctor").await;
    assert_eq!(found(&body)[0], "error privileges", "{body}");
    let finding = &body["findings"][0];
    assert_eq!(finding["message"], "its user lacks cluster:admin/snapshot/status");
    assert_eq!(
        finding["role"]["path"],
        "/_plugins/_security/api/roles/tintype-take"
    );
    only_reads(&open);
}

#[tokio::test]
async fn a_clock_that_is_wrong_and_a_repository_that_is_broken_are_found() {
    let server = Server::start().await;
    let engine = engine(Dialect::Es8);
    attach(&server, "c", &engine, "operate").await;
    assert_eq!(
        found(&get(&server, "/clusters/c/_doctor").await),
        ["note repository"]
    );
    let verify = async || {
        server
            .post(&format!("{NATIVE}/clusters/c/_doctor"), "")
            .await
            .body
    };
    assert_eq!(found(&verify().await), Vec::<String>::new());

    engine.set_clock_ahead(-60_000);
    let body = verify().await;
    assert_eq!(found(&body), ["warning clock"]);
    assert!(
        body["findings"][0]["message"]
            .as_str()
            .unwrap()
            .contains(" s behind this server"),
        "{body}"
    );
    engine.set_clock_ahead(0);
    let reason = "[backups] store location is not accessible on the node";
    let broken = Fault::engine_error(500, "repository_verification_exception", reason);
    engine.fault(Rule::new("POST", "/_snapshot/backups/_verify", broken));
    let body = verify().await;
    assert_eq!(found(&body), ["error repository"]);
    assert!(
        body["findings"][0]["message"]
            .as_str()
            .unwrap()
            .contains("_verify failed"),
        "{body}"
    );
}

#[tokio::test]
async fn at_access_observe_nothing_is_verified_and_the_reason_is_told() {
    let server = Server::start().await;
    let engine = engine(Dialect::Es8);
    attach(&server, "c", &engine, "observe").await;
    let body = server
        .post(&format!("{NATIVE}/clusters/c/_doctor"), "")
        .await
        .body;
    assert_eq!(found(&body), ["note repository"]);
    let message = body["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("needs access operate, and the cluster has observe"),
        "{message}"
    );
    only_reads(&engine);
}

#[tokio::test]
async fn the_server_is_examined_by_those_who_may_see_its_configuration() {
    let server = Server::start().await;
    let body = get(&server, "/doctor").await;
    // The harness seals with a key that no file holds.
    assert_eq!(found(&body)[0], "error key_file", "{body}");
    server
        .add_user("watcher", &[Role::EceDeploymentViewer], true)
        .await;
    let path = format!("{NATIVE}/doctor");
    let refused = server.send(Method::GET, &path, &key("watcher"), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let path = format!("{NATIVE}/status");
    let allowed = server.send(Method::GET, &path, &key("watcher"), "").await;
    assert_eq!(allowed.status, StatusCode::OK);
}
