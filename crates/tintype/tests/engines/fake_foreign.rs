//! An index of a restore's target name that somebody else makes after the last look, shown on the fake engine.

use serde_json::{Value, json};
use tintype_testkit::{
    fake::{Dialect, FakeEngine, Index, Progress},
    faults::{Fault, Gate, Rule},
};

use crate::{
    api::{Answer, NATIVE},
    fakes::{Fakes, MAIN, ask, quick},
};

const RESTORE: &str = "/_snapshot/main/source/_restore";
const LOOK: &str = "/_cluster/state/metadata";

/// A cluster `one` with a snapshot `source` of the index `flights`.
async fn with_source() -> (Fakes, FakeEngine) {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Es8);
    fakes.attach("one", &engine).await;
    let taken = fakes.take("one", "source").await;
    fakes.succeeded(&taken.operation).await;
    // The look that follows the operation asks for the indices as well, and must not be counted with the restore's.
    let uncovered = "/observation/inventory/uncovered/total";
    let is_covered = |seen: &Value| seen.pointer(uncovered) == Some(&json!(0));
    fakes.until("/clusters/one", is_covered).await;
    engine.faults().forget();
    (fakes, engine)
}

async fn restore(fakes: &Fakes) -> Answer {
    let path = format!("{NATIVE}/clusters/one/snapshots/{MAIN}/source/_restore");
    let body = json!({"rename_prefix": "back-"});
    fakes.api.send("POST", &path, body).await
}

fn make_foreign(engine: &FakeEngine) {
    let foreign = Index {
        docs: 7,
        ..Index::default()
    };
    engine.add_index("back-flights", foreign);
}

async fn assert_left_alone(engine: &FakeEngine) {
    let (_, count) = ask(engine, "GET", "/back-flights/_count", Value::Null).await;
    assert_eq!(count["count"], 7);
    assert_eq!(engine.faults().matching("POST", RESTORE).len(), 1);
    assert!(engine.faults().matching("DELETE", "/**").is_empty());
}

#[tokio::test]
async fn on_the_fake_engine_an_index_made_before_the_request_arrives_is_a_conflict() {
    let (fakes, engine) = with_source().await;
    let gate = Gate::default();
    engine.fault(Rule::new("POST", RESTORE, Fault::HoldRequest(gate.clone())));

    let meanwhile = async {
        engine.faults().wait_for("POST", RESTORE, 1).await.unwrap();
        make_foreign(&engine);
        gate.open();
    };
    let answer = tokio::join!(restore(&fakes), meanwhile).0;

    let message = answer.failed(409, "clusters.snapshot.index_conflict");
    assert!(message.contains("back-flights"), "{message}");
    assert_left_alone(&engine).await;
}

#[tokio::test]
async fn on_the_fake_engine_an_index_made_after_a_lost_request_is_not_taken_for_the_restores_own() {
    let (fakes, engine) = with_source().await;
    let gate = Gate::default();
    engine.fault(Rule::new("POST", RESTORE, Fault::DropRequest));
    // Every look after the request's loss, since how many come before it depends on the machine.
    let hold = Rule::new("GET", LOOK, Fault::HoldRequest(gate.clone()));
    engine.fault(hold.after("POST", RESTORE).always());

    let meanwhile = async {
        engine.faults().wait_for_fault("GET", LOOK).await.unwrap();
        assert_eq!(engine.faults().matching("POST", RESTORE).len(), 1);
        make_foreign(&engine);
        gate.open();
    };
    let answer = tokio::join!(restore(&fakes), meanwhile).0;

    let message = answer.failed(409, "clusters.snapshot.index_conflict");
    assert!(
        message.contains("somebody else") && message.contains("back-flights"),
        "{message}"
    );
    assert_left_alone(&engine).await;
}

#[tokio::test]
async fn on_the_fake_engine_a_restore_whose_recoveries_may_not_be_read_is_not_done_while_it_runs() {
    let (fakes, engine) = with_source().await;
    engine.set_progress(Progress::OnCommand);
    let forbidden = Fault::engine_error(403, "security_exception", "needs the privilege monitor");
    engine.fault(Rule::new("GET", "/*/_recovery", forbidden).always());
    let started = restore(&fakes).await.ok(202);
    let id = started["id"].as_str().unwrap();
    let running = "/_cluster/state/metadata%2Ccustoms";
    engine.faults().wait_for("GET", running, 3).await.unwrap();
    assert_eq!(fakes.operation(id).await["status"], "running");
    engine.finish_restores();
    fakes.succeeded(id).await;
}
