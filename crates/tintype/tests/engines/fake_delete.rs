//! Deletes whose answers are lost, that fail on their way, or that find somebody else's snapshot, on the fake engine.

use serde_json::{Value, json};
use tintype_testkit::{
    fake::{Dialect, FakeEngine, SnapshotState},
    faults::{Fault, Gate, Rule},
};

use crate::{
    api::{Answer, NATIVE},
    fakes::{Fakes, MAIN, ask, quick},
};

const PATH: &str = "/_snapshot/main/ours";
const USES: &str = "/_cluster/state/metadata%2Ccustoms";

/// A cluster `one` with a snapshot `ours` that Tintype made, and `foreign`, which it did not.
async fn with_ours(dialect: Dialect) -> (Fakes, FakeEngine) {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(dialect);
    fakes.attach("one", &engine).await;
    let taken = fakes.take("one", "ours").await;
    fakes.succeeded(&taken.operation).await;
    engine.add_snapshot(MAIN, "foreign", SnapshotState::Success);
    engine.faults().forget();
    (fakes, engine)
}

async fn delete(fakes: &Fakes) -> Answer {
    let path = format!("{NATIVE}/clusters/one/snapshots/{MAIN}/ours");
    fakes.api.send("DELETE", &path, Value::Null).await
}

async fn ended(fakes: &Fakes, answer: Answer) -> Value {
    let id = answer.ok(202)["id"].as_str().unwrap().to_owned();
    fakes.ended(&id).await
}

fn left(engine: &FakeEngine) -> Vec<String> {
    engine.snapshots(MAIN).into_iter().map(|(name, _)| name).collect()
}

fn sent(engine: &FakeEngine) -> usize {
    engine.faults().matching("DELETE", "/**").len()
}

#[tokio::test]
async fn on_the_fake_engine_a_lost_answer_is_read_from_what_is_there() {
    for dialect in [Dialect::Es6, Dialect::Os2] {
        let (fakes, engine) = with_ours(dialect).await;
        engine.fault(Rule::new("DELETE", PATH, Fault::DropAnswer));
        let ended = ended(&fakes, delete(&fakes).await).await;
        assert_eq!(ended["status"], "succeeded", "{ended}");
        assert_eq!((left(&engine), sent(&engine)), (vec!["foreign".to_owned()], 1));
    }
}

#[tokio::test]
async fn on_the_fake_engine_a_lost_request_is_sent_again() {
    let (fakes, engine) = with_ours(Dialect::Es8).await;
    engine.fault(Rule::new("DELETE", PATH, Fault::DropRequest));
    let ended = ended(&fakes, delete(&fakes).await).await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    assert_eq!((left(&engine), sent(&engine)), (vec!["foreign".to_owned()], 2));
}

#[tokio::test]
async fn on_the_fake_engine_somebody_elses_snapshot_under_the_name_is_not_deleted() {
    let (fakes, engine) = with_ours(Dialect::Os2).await;
    let gate = Gate::default();
    engine.fault(Rule::new("DELETE", PATH, Fault::DropAnswer));
    // The look after the answer was lost.
    let hold = Rule::new("GET", PATH, Fault::HoldRequest(gate.clone()));
    engine.fault(hold.after("DELETE", PATH).always());
    let meanwhile = async {
        engine.faults().wait_for_fault("GET", PATH).await.unwrap();
        engine.add_snapshot(MAIN, "ours", SnapshotState::Success);
        gate.open();
    };
    let answer = tokio::join!(delete(&fakes), meanwhile).0;
    let ended = ended(&fakes, answer).await;
    assert_eq!(
        (&ended["status"], &ended["failure"]["kind"]),
        (&json!("failed"), &json!("not_ours")),
        "{ended}"
    );
    assert_eq!((left(&engine).len(), sent(&engine)), (2, 1));
}

#[tokio::test]
async fn on_the_fake_engine_a_failure_on_the_way_keeps_the_engines_words() {
    let (fakes, engine) = with_ours(Dialect::Os2).await;
    let words = Fault::engine_error(500, "repository_exception", "cannot update the root");
    engine.fault(Rule::new("DELETE", PATH, words));
    let ended = ended(&fakes, delete(&fakes).await).await;
    assert_eq!(ended["failure"]["kind"], "engine_refused", "{ended}");
    let message = ended["failure"]["message"].as_str().unwrap();
    assert!(message.contains("cannot update the root"), "{message}");
    assert_eq!(left(&engine).len(), 2);
}

#[tokio::test]
async fn on_the_fake_engine_a_busy_engine_is_asked_again() {
    let (fakes, engine) = with_ours(Dialect::Es6).await;
    let busy = Fault::engine_error(
        503,
        "concurrent_snapshot_execution_exception",
        "cannot delete snapshot while a snapshot is in progress",
    );
    engine.fault(Rule::new("DELETE", PATH, busy));
    let ended = ended(&fakes, delete(&fakes).await).await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    assert_eq!((left(&engine), sent(&engine)), (vec!["foreign".to_owned()], 2));
}

#[tokio::test]
async fn on_the_fake_engine_a_mounted_snapshot_is_kept() {
    let (fakes, engine) = with_ours(Dialect::Es8).await;
    let (_, listed) = ask(&engine, "GET", PATH, Value::Null).await;
    let mount =
        json!({"snapshot": {"snapshot_name": "ours", "snapshot_uuid": listed["snapshots"][0]["uuid"]}});
    let state = json!({"metadata": {"indices": {"frozen": {"settings": {"index": {"store": mount}}}}}});
    engine.fault(Rule::new("GET", USES, Fault::Status(200, state)).always());
    let message = delete(&fakes).await.failed(412, "root.precondition_failed");
    assert!(
        message.contains("mounted") && message.contains("frozen"),
        "{message}"
    );
    assert_eq!((left(&engine).len(), sent(&engine)), (2, 0));
}

#[tokio::test]
async fn on_the_fake_engine_a_location_with_another_writer_is_not_deleted_from() {
    let (fakes, engine) = with_ours(Dialect::Os2).await;
    let other = quick(Dialect::Os2);
    let same = json!({"type": "fs", "settings": {"location": "/backups/one"}});
    other.put_repository("theirs", same);
    fakes.attach("two", &other).await;
    let message = delete(&fakes).await.failed(412, "root.precondition_failed");
    assert!(
        message.contains("several writers") && message.contains("two/theirs"),
        "{message}"
    );
    assert_eq!((left(&engine).len(), sent(&engine)), (2, 0));
}

#[tokio::test]
async fn on_the_fake_engine_a_snapshot_that_does_not_name_its_operation_is_kept() {
    let (fakes, engine) = with_ours(Dialect::Es8).await;
    let (_, mut listed) = ask(&engine, "GET", PATH, Value::Null).await;
    listed["snapshots"][0]["metadata"] = json!({"tintype": {"operation": "another"}});
    engine.fault(Rule::new("GET", PATH, Fault::Status(200, listed)).always());
    let message = delete(&fakes).await.failed(409, "root.conflict");
    assert!(message.contains("metadata"), "{message}");
    assert_eq!((left(&engine).len(), sent(&engine)), (2, 0));
}
