//! Verifications of platform repositories: what is started, refused and shown; their schedules; keys for attestations.

use crate::support::{HandClock, Reply, Server, basic, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tintype::clock::Clock as _;
use tintype::model::{Attestation, OperationKind, Proof, Role, Status};
use tintype::store::verifications::NewReport;
use tintype::store::{LeaseLimits, NewOperation, Step};
use tintype_repository::Level;
use tintype_repository::verify::verdict::Verdict;

const NATIVE: &str = "/api/tintype/v1";
const VERIFICATIONS: &str = "/api/tintype/v1/repositories/main/verifications";
const SCHEDULE: &str = "/api/tintype/v1/repositories/main/verification-schedule";

/// A server with the platform repository `main`, which is the default and has a reader, and two clusters.
async fn ready() -> (Server, Arc<HandClock>, TempDir) {
    let clock = HandClock::new();
    let server = Server::start_with(clock.clone(), |_| {}).await;
    let directory = tempfile::tempdir().unwrap();
    let main = server.add_repository("main").await;
    let reader = json!({"url": format!("file://{}", directory.path().display())});
    let path = format!("{NATIVE}/repositories/main/reader");
    let set = ask(&server, Method::PUT, &path, reader);
    assert_eq!(set.await.status, StatusCode::OK);
    let store = &server.app.store;
    store.set_default_repository(Some(&main.name)).await.unwrap();
    for id in ["a1", "a2"] {
        server.add_cluster(id).await;
    }
    (server, clock, directory)
}

async fn ask(server: &Server, method: Method, path: &str, body: Value) -> Reply {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    server.send(method, path, &key("admin"), body).await
}

#[tokio::test]
async fn each_cluster_that_uses_the_repository_is_verified_and_none_twice() {
    let (server, clock, _directory) = ready().await;
    let one = ask(&server, Method::POST, VERIFICATIONS, json!({"cluster_id": "a2"})).await;
    assert_eq!(one.status, StatusCode::ACCEPTED, "{}", one.body);
    let operation = &one.body["operations"][0];
    assert_eq!(
        (&operation["kind"], &operation["cluster_id"]),
        (&json!("verify_repository"), &json!("a2"))
    );
    let asked = json!({"repository": "main", "level": "structure", "structure": true, "snapshots": [], "indices": [],
        "latest": false, "max_age_seconds": null, "budget_bytes": null, "budget_seconds": null,
        "bytes_per_second": null, "attest": false});
    assert_eq!(operation["parameters"], asked);
    let again = ask(&server, Method::POST, VERIFICATIONS, json!({"cluster_id": "a2"})).await;
    assert_eq!(
        (again.status, again.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );
    assert!(again.message().contains(operation["id"].as_str().unwrap()));

    // Ids of one moment are in no order.
    clock.forward(1);
    let options = json!({"level": "presence", "max_age_seconds": 86_400, "bytes_per_second": 1_000_000});
    let rest = ask(&server, Method::POST, VERIFICATIONS, json!({"options": options})).await;
    let begun = rest.body["operations"].as_array().unwrap();
    assert_eq!(begun.len(), 1, "{}", rest.body);
    assert_eq!(begun[0]["cluster_id"], "a1");
    assert_eq!(begun[0]["parameters"]["structure"], false, "too shallow for it");
    let none = ask(&server, Method::POST, VERIFICATIONS, Value::Null).await;
    assert_eq!(none.status, StatusCode::CONFLICT);

    let list = server.get(VERIFICATIONS).await.body;
    assert_eq!(list["verifications"].as_array().unwrap().len(), 2);
    let page = server.get(&format!("{VERIFICATIONS}?limit=1")).await.body;
    let older = format!("{VERIFICATIONS}?before={}", page["next"].as_str().unwrap());
    assert_eq!(
        server.get(&older).await.body["verifications"][0]["cluster_id"],
        "a2"
    );
    let of = server.get(&format!("{VERIFICATIONS}?cluster=a1")).await.body;
    assert_eq!(of["verifications"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_refused_with_what_to_do() {
    let (server, ..) = ready().await;
    server.add_repository("blind").await;
    let mut elsewhere = server.add_cluster("b1").await;
    elsewhere.location = Some("/elsewhere".into());
    server.app.store.update_cluster(&elsewhere, None).await.unwrap();
    let of = |name: &str| format!("{NATIVE}/repositories/{name}/verifications");
    for (path, body, status, code, says) in [
        (
            of("blind"),
            Value::Null,
            412,
            "root.precondition_failed",
            "repository reader set blind --reader-url file://",
        ),
        (
            of("main"),
            json!({"cluster_id": "b1"}),
            412,
            "root.precondition_failed",
            "not below",
        ),
        (
            of("main"),
            json!({"options": {"attest": true}}),
            412,
            "root.precondition_failed",
            "attest-key create",
        ),
        (
            of("none"),
            Value::Null,
            404,
            "clusters.snapshot.repository_not_found",
            "no reader",
        ),
        (
            of("main"),
            json!({"cluster_id": "none"}),
            404,
            "clusters.cluster_not_found",
            "attached",
        ),
        (
            format!("{NATIVE}/repositories/blind/verification-schedule"),
            json!({"every_seconds": 3600}),
            412,
            "root.precondition_failed",
            "reader set",
        ),
    ] {
        let method = if path.ends_with("schedule") {
            Method::PUT
        } else {
            Method::POST
        };
        let reply = ask(&server, method, &path, body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (status, code),
            "{path}: {}",
            reply.body
        );
        assert!(reply.message().contains(says), "{path}: {}", reply.message());
    }
    // Of all clusters those are verified that the reader reaches.
    let all = ask(&server, Method::POST, VERIFICATIONS, Value::Null).await;
    assert_eq!(all.body["operations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_options_name_the_member() {
    let (server, ..) = ready().await;
    for (options, field) in [
        (json!({"level": "deep"}), "options.level"),
        (
            json!({"level": "presence", "structure": true}),
            "options.structure",
        ),
        (json!({"structure": false}), "options.structure"),
        (json!({"budget_bytes": 0}), "options.budget_bytes"),
        (json!({"budget_seconds": -1}), "options.budget_seconds"),
        (json!({"bytes_per_second": "1M"}), "options.bytes_per_second"),
        (json!({"snapshots": [""]}), "options.snapshots"),
        (json!({"indices": "x"}), "options.indices"),
        (json!({"latest": true, "snapshots": ["s"]}), "options.latest"),
        (json!({"attest": true, "indices": ["a*"]}), "options.attest"),
        (json!({"depth": 1}), "options.depth"),
        (json!([]), "options"),
    ] {
        for (method, path, mut body) in [
            (Method::POST, VERIFICATIONS, json!({})),
            (Method::PUT, SCHEDULE, json!({"every_seconds": 60})),
        ] {
            body["options"] = options.clone();
            let reply = ask(&server, method, path, body).await;
            assert_eq!(
                (reply.status, reply.field()),
                (StatusCode::BAD_REQUEST, field),
                "{options}: {}",
                reply.body
            );
        }
    }
    for body in [
        json!({}),
        json!({"every_seconds": 59}),
        json!({"every_seconds": 31_536_001}),
    ] {
        let reply = ask(&server, Method::PUT, SCHEDULE, body).await;
        assert_eq!(
            (reply.status, reply.field()),
            (StatusCode::BAD_REQUEST, "every_seconds")
        );
    }
    let bad = ask(&server, Method::POST, VERIFICATIONS, json!({"cluster_id": "a b"})).await;
    assert_eq!((bad.status, bad.field()), (StatusCode::BAD_REQUEST, "cluster_id"));
}

#[tokio::test]
async fn a_schedule_starts_what_is_due_once() {
    let (server, clock, _directory) = ready().await;
    let operations = &server.app.operations;
    assert_eq!(server.get(SCHEDULE).await.code(), "repositories.no_schedule");
    let body = json!({"every_seconds": 3600, "options": {"level": "checksum", "budget_seconds": 60}});
    let set = ask(&server, Method::PUT, SCHEDULE, body).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
    assert_eq!(set.body["options"]["level"], "checksum");
    assert!(
        set.body.get("next_start_at").is_none(),
        "due at once: {}",
        set.body
    );

    let begun = async || {
        let list = server.get(VERIFICATIONS).await.body;
        list["verifications"].as_array().unwrap().len()
    };
    operations.start_due_verifications().await.unwrap();
    assert_eq!(begun().await, 2);
    operations.start_due_verifications().await.unwrap();
    assert_eq!(begun().await, 2, "not due");
    let shown = server.get(SCHEDULE).await.body;
    assert_eq!(shown["next_start_at"], "2023-11-14T23:13:20Z");
    // Still being verified: nothing is begun beside it.
    clock.forward(3600);
    operations.start_due_verifications().await.unwrap();
    assert_eq!(begun().await, 2);
    let shown = server.get(SCHEDULE).await.body;
    assert_eq!(shown["next_start_at"], "2023-11-15T00:13:20Z", "it was due");
    let list = server.get(VERIFICATIONS).await.body;
    let first = &list["verifications"][0];
    assert_eq!(first["requested_by"], "schedule");
    assert_eq!(first["parameters"]["budget_seconds"], 60);

    let shown = server.get(&format!("{NATIVE}/repositories/main")).await.body;
    assert_eq!(shown["verification_schedule"]["every_seconds"], 3600, "{shown}");
    let gone = ask(&server, Method::DELETE, SCHEDULE, Value::Null).await;
    assert_eq!((gone.status, gone.body), (StatusCode::OK, json!({})));
    let gone = ask(&server, Method::DELETE, SCHEDULE, Value::Null).await;
    assert_eq!(
        (gone.status, gone.code()),
        (StatusCode::NOT_FOUND, "repositories.no_schedule")
    );
}

#[tokio::test]
async fn a_snapshot_that_was_taken_is_verified_by_itself_once_nothing_else_reads_its_location() {
    let (server, clock, _directory) = ready().await;
    let (operations, store) = (&server.app.operations, &server.app.store);
    let body = json!({"every_seconds": 3600, "after_snapshots": true, "options": {"level": "checksum", "latest": true}});
    let set = ask(&server, Method::PUT, SCHEDULE, body).await;
    assert_eq!(set.body["after_snapshots"], true, "{}", set.body);
    operations.start_due_verifications().await.unwrap();
    let begun = async || {
        server.get(VERIFICATIONS).await.body["verifications"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(begun().await.len(), 2, "those that are due by time");
    end_all(&server).await;

    let take = NewOperation {
        id: "take".into(),
        kind: OperationKind::TakeSnapshot,
        cluster_id: "a1".parse().unwrap(),
        requested_by: "somebody".into(),
        parameters: json!({"name": "s", "repository": "main", "platform_repository": "main"}),
        state: json!({}),
        reserve: None,
        idempotency: None,
        now: clock.now(),
    };
    store.start_operation(&take).await.unwrap();
    let outcome = json!({"uuid": "u1", "state": "SUCCESS"});
    end_all_with(&server, Status::Succeeded, Some(outcome)).await;
    let open = ask(&server, Method::POST, VERIFICATIONS, json!({"cluster_id": "a1"})).await;
    assert_eq!(open.status, StatusCode::ACCEPTED, "{}", open.body);
    operations.start_due_verifications().await.unwrap();
    assert_eq!(begun().await.len(), 3, "it waits");
    end_all(&server).await;
    for _ in 0..2 {
        operations.start_due_verifications().await.unwrap();
        let all = begun().await;
        assert_eq!(all.len(), 4);
        let by_itself = all.iter().find(|one| one["requested_by"] == "snapshot").unwrap();
        assert_eq!(by_itself["cluster_id"], "a1");
        let asked = &by_itself["parameters"];
        assert_eq!(
            (&asked["snapshots"], &asked["latest"]),
            (&json!(["u1"]), &json!(false))
        );
        assert_eq!(asked["level"], "checksum");
    }
}

#[tokio::test]
async fn a_start_that_was_not_noted_is_not_begun_again() {
    let (server, ..) = ready().await;
    let operations = &server.app.operations;
    let main = server
        .app
        .store
        .repository(&"main".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let options = tintype::model::VerifyOptions::default();
    let begun = operations
        .verify_on_schedule(&main, &options, "first")
        .await
        .unwrap();
    assert_eq!(begun, 2);
    // They end, and the instance that began them dies before it noted that it did.
    let list = server.get(VERIFICATIONS).await.body;
    for one in list["verifications"].as_array().unwrap() {
        let path = format!("{NATIVE}/operations/{}/_cancel", one["id"].as_str().unwrap());
        assert_eq!(server.post(&path, "").await.status, StatusCode::ACCEPTED);
    }
    end_all(&server).await;
    let again = operations
        .verify_on_schedule(&main, &options, "first")
        .await
        .unwrap();
    assert_eq!(again, 0);
    let next = operations
        .verify_on_schedule(&main, &options, "second")
        .await
        .unwrap();
    assert_eq!(next, 2);
}

/// Ends every open operation as cancelled.
async fn end_all(server: &Server) {
    end_all_with(server, Status::Cancelled, None).await;
}

async fn end_all_with(server: &Server, status: Status, outcome: Option<Value>) {
    let (store, now) = (&server.app.store, server.app.clock.now());
    let limits = LeaseLimits {
        overall: 100,
        per_cluster: 100,
        exceptions: std::collections::HashMap::new(),
        verifications: 100,
    };
    let until = now + jiff::SignedDuration::from_secs(60);
    for leased in store.lease("test", &limits, now, until).await.unwrap() {
        let step = Step {
            status: Some(status),
            outcome: outcome.clone(),
            ..Step::default()
        };
        assert!(
            store
                .commit_step(&leased.operation.id, leased.token, &step, now)
                .await
                .unwrap()
        );
    }
}

#[tokio::test]
async fn a_report_is_for_those_who_see_snapshots_and_where_the_data_lies_is_not() {
    let (server, ..) = ready().await;
    let begun = ask(&server, Method::POST, VERIFICATIONS, json!({"cluster_id": "a1"})).await;
    let id = begun.body["operations"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{VERIFICATIONS}/{id}");
    let early = server.get(&path).await;
    assert_eq!(early.status, StatusCode::OK);
    assert!(early.body.get("report").is_none(), "{}", early.body);
    let document = json!({"schema": "tintype.verify/1", "location": "file:///secret/place",
        "findings": [{"blob": "index-1", "key": "place/index-1"}]});
    let proof = Proof {
        snapshot: "u1".into(),
        verdict: Verdict::Restorable,
        level: Level::Checksum,
        oldest_check: server.app.clock.now(),
        checked_at: server.app.clock.now(),
        operation: id.clone(),
    };
    let report = NewReport {
        operation: id.clone(),
        repository: "main".parse().unwrap(),
        cluster: "a1".parse().unwrap(),
        location: "fs:/backups/a1".into(),
        document: document.to_string(),
        proofs: vec![proof],
        whole: true,
        root_lost: None,
    };
    server.app.store.put_report(&report).await.unwrap();
    for role in Role::ALL {
        server.add_user(role.as_str(), &[role], true).await;
        let reply = server.send(Method::GET, &path, &key(role.as_str()), "").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", role.as_str());
        let sees = matches!(role, Role::EcePlatformAdmin | Role::EcePlatformViewer);
        let report = &reply.body["report"];
        assert_eq!(
            report.get("location").is_some(),
            sees,
            "{}: {report}",
            role.as_str()
        );
        assert_eq!(
            report["findings"][0].get("key").is_some(),
            sees,
            "{}",
            role.as_str()
        );
        assert_eq!(report["findings"][0]["blob"], "index-1");
    }
    server.add_repository("other").await;
    let elsewhere = server
        .get(&format!("{NATIVE}/repositories/other/verifications/{id}"))
        .await;
    assert_eq!(
        (elsewhere.status, elsewhere.code()),
        (StatusCode::NOT_FOUND, "operations.not_found")
    );
}

#[tokio::test]
async fn public_keys_are_for_everybody_and_old_ones_stay() {
    let server = Server::start().await;
    let keys = format!("{NATIVE}/attest-keys");
    let none = server.send(Method::GET, &keys, "", "").await;
    assert_eq!((none.status, none.body), (StatusCode::OK, json!({"keys": []})));
    let rotate = format!("{keys}/_rotate");
    let early = server.post(&rotate, "").await;
    assert_eq!(
        (early.status, early.code()),
        (StatusCode::PRECONDITION_FAILED, "root.precondition_failed")
    );
    let first = server.post(&keys, "").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let public = first.body["public_key"].as_str().unwrap();
    public.parse::<tintype_repository::attest::PublicKey>().unwrap();
    let taken = server.post(&keys, "").await;
    assert_eq!(
        (taken.status, taken.code()),
        (StatusCode::CONFLICT, "root.conflict")
    );
    let second = server.post(&rotate, "").await;
    assert_eq!(second.status, StatusCode::CREATED);
    assert_ne!(second.body["public_key"], first.body["public_key"]);
    let shown = server.send(Method::GET, &keys, "", "").await.body;
    let shown = shown["keys"].as_array().unwrap();
    let in_use: Vec<_> = shown
        .iter()
        .map(|one| (&one["id"], &one["in_use"], one.get("retired_at").is_some()))
        .collect();
    let expected = [
        (&second.body["id"], &json!(true), false),
        (&first.body["id"], &json!(false), true),
    ];
    assert_eq!(in_use, expected);
    let wrong = server
        .send(Method::GET, &keys, &basic("admin", "wrong"), "")
        .await;
    assert!(wrong.status == StatusCode::OK || wrong.status == StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_attestation_is_found_without_the_engine() {
    let (server, ..) = ready().await;
    let path = format!("{NATIVE}/clusters/a1/snapshots/main/nightly/attestation");
    let none = server.get(&path).await;
    assert_eq!(
        (none.status, none.code()),
        (StatusCode::NOT_FOUND, "clusters.snapshot.not_attested")
    );
    let made = server.post(&format!("{NATIVE}/attest-keys"), "").await;
    let attestation = Attestation {
        snapshot: "u1".into(),
        name: "nightly".into(),
        operation: "o".into(),
        key: made.body["id"].as_str().unwrap().into(),
        at: server.app.clock.now(),
        document: "signed\n".into(),
    };
    let store = &server.app.store;
    store
        .put_attestation(&"a1".parse().unwrap(), "fs:/backups/a1", &attestation)
        .await
        .unwrap();
    let found = server.get(&path).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    assert_eq!(found.body["document"], "signed\n");
    assert_eq!(
        (&found.body["key"], &found.body["uuid"]),
        (&made.body["id"], &json!("u1"))
    );
}
