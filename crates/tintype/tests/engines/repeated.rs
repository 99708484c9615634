//! The same request twice, and a server that stops in the middle: still one snapshot.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    bench::{Bench, Plan, Taken},
    door::Level,
    names::unique,
    rig::Rig,
};

on_every_engine!(
    a_request_sent_again_with_its_key_is_the_same_operation,
    a_key_with_another_body_is_409,
    a_server_that_stops_in_the_middle_ends_in_exactly_one_snapshot,
);

async fn a_request_sent_again_with_its_key_is_the_same_operation(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let key = unique("key");
    let first = Taken::of(bench.call_with_key(&key, json!({})).await);
    let again = Taken::of(bench.call_with_key(&key, json!({})).await);
    bench.succeeded(&first.operation).await;
    let late = Taken::of(bench.call_with_key(&key, json!({})).await);
    for same in [again, late] {
        assert_eq!(
            (same.operation, same.name),
            (first.operation.clone(), first.name.clone())
        );
    }
    assert_eq!(
        rig.only_snapshot(&bench.repository).await["snapshot"],
        first.name.as_str()
    );
}

async fn a_key_with_another_body_is_409(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let key = unique("key");
    let first = Taken::of(bench.call_with_key(&key, json!({"name": "one"})).await);
    let other = bench.call_with_key(&key, json!({"name": "two"})).await;
    other.failed(409, "idempotency.key_reused");
    bench.succeeded(&first.operation).await;
    assert_eq!(rig.snapshot_names(&bench.repository).await, ["one"]);
}

async fn a_server_that_stops_in_the_middle_ends_in_exactly_one_snapshot(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).throttled("1mb").start().await;
    let taken = bench.take("carried-on").await;
    bench.copying(&taken.operation).await;

    let code = bench.tintype.terminate(Duration::from_secs(60)).await.unwrap();
    assert_eq!(code, 0, "{}", bench.tintype.stderr());
    bench.tintype.restart().await.unwrap();

    bench.succeeded(&taken.operation).await;
    let found = rig.only_snapshot(&bench.repository).await;
    assert_eq!(
        (&found["snapshot"], &found["state"]),
        (&json!("carried-on"), &json!("SUCCESS"))
    );
}
