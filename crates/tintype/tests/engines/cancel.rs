//! Cancelling aborts what runs, and nothing else.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{bench::Plan, door::Level, rig::Rig};

on_every_engine!(
    a_cancelled_snapshot_is_gone_and_the_others_are_untouched,
    a_running_snapshot_is_not_cancelled_at_level_take,
    what_has_ended_is_not_cancelled,
);

async fn a_cancelled_snapshot_is_gone_and_the_others_are_untouched(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).start().await;
    bench
        .register_by_hand(json!({"max_snapshot_bytes_per_sec": "256kb"}))
        .await;
    rig.snapshot(&bench.repository, "other", "base-two").await;
    let other = rig.only_snapshot(&bench.repository).await;
    let taken = bench.take("unwanted").await;
    bench.copying(&taken.operation).await;

    let asked = bench.cancel(&taken.operation).await.ok(202);
    assert_eq!(asked["cancel_requested"], true);

    let ended = bench.ended(&taken.operation).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    assert_eq!(rig.only_snapshot(&bench.repository).await, other);
    // It existed once, so its name is never used again.
    let again = bench.call(json!({"name": "unwanted"})).await;
    again.failed(409, "clusters.snapshot.name_conflict");
}

async fn a_running_snapshot_is_not_cancelled_at_level_take(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Take).start().await;
    bench
        .register_by_hand(json!({"max_snapshot_bytes_per_sec": "1mb"}))
        .await;
    let taken = bench.take("goes-on").await;
    bench.copying(&taken.operation).await;

    let message = bench
        .cancel(&taken.operation)
        .await
        .failed(403, "root.unauthorized.rbac");

    assert!(message.contains("operate"), "{message}");
    bench.succeeded(&taken.operation).await;
    assert_eq!(rig.only_snapshot(&bench.repository).await["state"], "SUCCESS");
}

async fn what_has_ended_is_not_cancelled(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).start().await;
    let taken = bench.take_whole("kept").await;
    bench
        .cancel(&taken.operation)
        .await
        .failed(412, "root.precondition_failed");
    assert_eq!(rig.only_snapshot(&bench.repository).await["state"], "SUCCESS");
    assert_eq!(bench.operation(&taken.operation).await["failure"], Value::Null);
}
