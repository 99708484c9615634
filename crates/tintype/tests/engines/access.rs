//! Access levels, held to by Tintype and enough for the engine's own roles.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use tintype_testkit::faults::Recorded;

use crate::{
    bench::{Bench, Plan},
    door::Level,
    rig::Rig,
};

on_every_engine!(
    observe_sends_reads_alone,
    take_uses_a_registration_that_is_there,
    take_cannot_register,
    operate_registers_below_the_base_then_verifies,
    every_kind_of_authentication_takes_a_snapshot,
);

async fn observe_sends_reads_alone(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Observe).watched().start().await;
    bench.register_by_hand(json!({})).await;
    rig.snapshot(&bench.repository, "theirs", "base-two").await;

    let refused = bench.call(json!({"name": "mine"})).await;
    let message = refused.failed(403, "root.unauthorized.rbac");
    assert!(message.contains("access observe"), "{message}");
    let path = bench.native(&format!("/snapshots/{}/theirs/_restore", bench.repository));
    let restore = bench
        .api
        .send("POST", &path, json!({"rename_prefix": "never-"}))
        .await;
    restore.failed(403, "root.unauthorized.rbac");
    let snapshots = bench.api.get(&bench.native("/snapshots")).await;
    assert_eq!(snapshots["snapshots"][0]["name"], "theirs");
    let registrations = bench.api.get(&bench.native("/registrations")).await;
    let mut shown = registrations["registrations"].as_array().unwrap().iter();
    assert!(
        shown.any(|one| one["name"] == bench.repository.as_str()),
        "{registrations}"
    );

    let sent = bench.door.proxy().faults().requests();
    assert!(
        !sent.is_empty() && sent.iter().all(|request| request.method == Method::GET),
        "{sent:?}"
    );
}

async fn take_uses_a_registration_that_is_there(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Take).start().await;
    bench.register_by_hand(json!({})).await;
    bench.take_whole("taken").await;
    assert_eq!(rig.only_snapshot(&bench.repository).await["state"], "SUCCESS");
}

async fn take_cannot_register(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Take).start().await;
    let answer = bench.call(json!({})).await;
    let message = answer.failed(404, "clusters.snapshot.repository_not_found");
    assert!(
        message.contains("access level take") && message.contains("operate"),
        "{message}"
    );
    assert_eq!(rig.registration(&bench.repository).await, Value::Null);
}

async fn operate_registers_below_the_base_then_verifies(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).watched().start().await;
    bench.take_whole("first").await;

    let registration = rig.registration(&bench.repository).await;
    assert_eq!(registration["type"], "fs");
    assert_eq!(
        registration["settings"]["location"],
        json!(bench.base.join(&bench.cluster))
    );
    let sent = bench.door.proxy().faults().requests();
    let changes: Vec<&Recorded> = sent.iter().filter(|one| one.method != Method::GET).collect();
    let lines: Vec<String> = changes
        .iter()
        .map(|one| format!("{} {}", one.method, one.path))
        .collect();
    let path = format!("/_snapshot/{}", bench.repository);
    let wanted = [
        format!("PUT {path}"),
        format!("POST {path}/_verify"),
        format!("PUT {path}/first"),
    ];
    assert_eq!(lines, wanted);
    assert!(changes[0].query.contains("verify=false"), "{}", changes[0].query);
}

async fn every_kind_of_authentication_takes_a_snapshot(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    for (number, door) in rig.every_door().into_iter().enumerate() {
        let change = json!({"url": door.url, "ca": door.ca, "auth": door.auth});
        let changed = bench.api.send("PATCH", &bench.native(""), change).await.ok(200);
        let name = door.auth.get("username").cloned().unwrap_or_default();
        let mut shown = json!({"type": door.auth["type"]});
        if !name.is_null() {
            shown["username"] = name;
        }
        assert_eq!(changed["auth"], shown, "nothing secret is shown");
        bench.take_whole(&format!("by-door-{number}")).await;
    }
}
