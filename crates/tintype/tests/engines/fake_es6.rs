//! Elasticsearch 6.8 takes one snapshot at a time and keeps no metadata, shown on the fake engine that speaks like it.

use serde_json::{Value, json};
use tintype_testkit::{
    fake::{Dialect, SnapshotState},
    faults::{Fault, Rule},
};

use crate::fakes::{BASE, Fakes, MAIN, quick};

#[tokio::test]
async fn on_the_fake_6_8_a_snapshot_waits_in_line_behind_somebody_elses() {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Es6);
    let settings = json!({"location": format!("{BASE}/six")});
    engine.put_repository(MAIN, json!({"type": "fs", "settings": settings}));
    engine.add_snapshot(MAIN, "foreign", SnapshotState::InProgress);
    fakes.attach("six", &engine).await;

    let taken = fakes.take("six", "ours").await;

    // Its caller is told so, and nothing is sent before the other one ended.
    let seen = fakes.operation(&taken.operation).await;
    assert_eq!(
        (&seen["step"], &seen["answer"]["answer"]),
        (&json!("preparing"), &json!("accepted")),
        "{seen}"
    );
    let path = format!("/_snapshot/{MAIN}/ours");
    assert!(engine.faults().matching("PUT", &path).is_empty());
    engine.finish_snapshot(MAIN, "foreign", SnapshotState::Success);
    fakes.succeeded(&taken.operation).await;
    assert_eq!(engine.faults().matching("PUT", &path).len(), 1);
}

#[tokio::test]
async fn on_the_fake_6_8_a_snapshot_whose_answer_was_lost_is_known_without_metadata() {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Es6);
    fakes.attach("six", &engine).await;
    let path = format!("/_snapshot/{MAIN}/ours");
    engine.fault(Rule::new("PUT", &path, Fault::DropAnswer));

    let taken = fakes.take("six", "ours").await;

    fakes.succeeded(&taken.operation).await;
    assert_eq!(engine.snapshot_metadata(MAIN, "ours"), Value::Null);
    assert_eq!(engine.faults().matching("PUT", &path).len(), 1);
}
