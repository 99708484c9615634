//! A cluster is its uuid, and leaving it leaves nothing behind.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::{
    api::{ECE, NATIVE},
    bench::{Bench, Plan, Taken},
    door::Level,
    rig::{Rig, neighbour},
    switch::Switch,
};

on_every_engine!(
    another_engine_behind_the_address_gets_no_change,
    an_address_of_another_engine_is_refused_until_pinned_anew,
    one_engine_is_attached_once,
    detaching_leaves_the_engine_as_it_was,
    a_cluster_with_a_running_operation_stays_attached,
);

async fn another_engine_behind_the_address_gets_no_change(rig: Arc<Rig>) {
    let other = neighbour(&rig).await;
    let bench = Plan::at(&rig, Level::Operate).watched().start().await;
    let switch = Switch::to(&bench.door.url).await;
    let moved = json!({"url": switch.url()});
    let moved = bench.api.send("PATCH", &bench.native(""), moved).await.ok(200);
    bench.take_whole("before").await;
    // The same certificate and the same password, and yet another cluster.
    let strange = other.disguised_as(&rig, Level::Operate);

    switch.turn(&strange.url);
    let answer = bench.call(json!({"name": "after"})).await;

    let message = answer.failed(500, "clusters.snapshot.failed");
    let uuid = moved["uuid"].as_str().unwrap();
    assert!(
        message.contains(uuid) && message.contains(&other.uuid().await),
        "{message}"
    );
    let sent = strange.proxy().faults().requests();
    assert!(
        !sent.is_empty() && sent.iter().all(|request| request.method == Method::GET),
        "{sent:?}"
    );

    switch.turn(&bench.door.url);
    bench.take_whole("after").await;
}

async fn an_address_of_another_engine_is_refused_until_pinned_anew(rig: Arc<Rig>) {
    let other = neighbour(&rig).await;
    let bench = Bench::operate(&rig).await;
    let before = bench.api.get(&bench.native("")).await;
    let door = other.door(Level::Operate);
    let mut change = json!({"url": door.url, "ca": door.ca, "auth": door.auth});

    let refused = bench.api.send("PATCH", &bench.native(""), change.clone()).await;
    let message = refused.failed(409, "root.conflict");
    assert!(message.contains("--repin"), "{message}");
    let after = bench.api.get(&bench.native("")).await;
    assert_eq!((&after["url"], &after["uuid"]), (&before["url"], &before["uuid"]));

    change["repin"] = true.into();
    let pinned = bench.api.send("PATCH", &bench.native(""), change).await.ok(200);
    assert_eq!(pinned["uuid"], other.uuid().await.as_str());
}

async fn one_engine_is_attached_once(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let again = bench.door.body(Level::Observe);
    let answer = bench.api.send("POST", &format!("{NATIVE}/clusters"), again).await;
    let message = answer.failed(409, "root.conflict");
    assert!(message.contains(&bench.cluster), "{message}");
}

async fn detaching_leaves_the_engine_as_it_was(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).watched().start().await;
    bench.take_whole("stays").await;
    let before = (
        rig.registration(&bench.repository).await,
        rig.snapshots(&bench.repository).await,
    );
    bench.door.proxy().faults().forget();

    let path = format!("{}/clusters/elasticsearch/{}", ECE[0], bench.cluster);
    let answer = bench.api.send("DELETE", &path, Value::Null).await;

    assert_eq!(answer.ok(200), json!({}));
    bench
        .api
        .send("GET", &path, Value::Null)
        .await
        .failed(404, "clusters.cluster_not_found");
    let after = (
        rig.registration(&bench.repository).await,
        rig.snapshots(&bench.repository).await,
    );
    assert_eq!(after, before);
    let sent = bench.door.proxy().faults().requests();
    assert!(
        sent.iter().all(|request| request.method == Method::GET),
        "{sent:?}"
    );
}

async fn a_cluster_with_a_running_operation_stays_attached(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).throttled("1mb").start().await;
    let taken: Taken = bench.take("running").await;
    let path = format!("{}/clusters/elasticsearch/{}", ECE[1], bench.cluster);
    let answer = bench.api.send("DELETE", &path, Value::Null).await;
    answer.failed(412, "clusters.cluster_plan_state_error");
    bench.succeeded(&taken.operation).await;
}
