//! An index that is gone before a snapshot begins is noted, and the snapshot is judged by the others.

use std::sync::Arc;

use serde_json::{Value, json};
use tintype_testkit::faults::{Fault, Gate, Rule};

use crate::{
    bench::{Plan, Taken},
    door::Level,
    names::unique,
    rig::Rig,
};

// Engines refuse to delete an index while a snapshot reads it, and another test's would.
alone_on_every_engine!(an_index_deleted_before_it_begins_is_a_note);

async fn an_index_deleted_before_it_begins_is_a_note(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).watched().start().await;
    let index = unique("a-passing");
    let moving = rig.moving().await;
    rig.make_index(&index, 1, json!({})).await;
    drop(moving);
    let (gate, path) = (
        Gate::default(),
        format!("/_snapshot/{}/without", bench.repository),
    );
    let faults = bench.door.proxy().faults();
    faults.add(Rule::new("PUT", &path, Fault::HoldRequest(gate.clone())));

    let call = bench.call(json!({"name": "without"}));
    let meanwhile = async {
        faults.wait_for("PUT", &path, 1).await.unwrap();
        rig.ask("DELETE", &format!("/{index}"), Value::Null).await;
        gate.open();
    };
    let taken = Taken::of(tokio::join!(call, meanwhile).0);

    let outcome = bench.succeeded(&taken.operation).await;
    let note = outcome["notes"].to_string();
    assert!(
        note.contains("deleted while it ran") && note.contains(&index),
        "{note}"
    );
    assert_eq!(rig.only_snapshot(&bench.repository).await["state"], "SUCCESS");
}
