//! An index that is made while a snapshot runs is noted, and the snapshot is judged by the others.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tintype_testkit::{
    faults::{Fault, Gate, Rule},
    wait,
};

use crate::{
    bench::{Plan, Taken},
    door::Level,
    names::unique,
    rig::Rig,
};

// The index is made while a call waits for its answer.
alone_on_every_engine!(an_index_made_while_it_runs_is_a_note);

async fn an_index_made_while_it_runs_is_a_note(rig: Arc<Rig>) {
    // Longer than a slow machine takes to make an index: a request that is given up is looked after at once.
    let bench = Plan::at(&rig, Level::Operate)
        .watched()
        .env("TINTYPE_ENGINE__REQUEST_TIMEOUT_SECONDS", "300")
        .start()
        .await;
    let (gate, path) = (Gate::default(), format!("/_snapshot/{}/around", bench.repository));
    let faults = bench.door.proxy().faults();
    faults.add(Rule::new("PUT", &path, Fault::HoldAnswer(gate.clone())));
    // First among the names, since a note tells five at most.
    let index = unique("a-new");

    let call_path = bench.call_path();
    let call = bench.api.send("POST", &call_path, json!({"name": "around"}));
    let meanwhile = async {
        let begun = wait::until("the snapshot", Duration::from_secs(60), async || {
            // Elasticsearch 7.17 answers 200 before the repository is there, and shows no snapshot.
            let (_, seen) = rig.engine.http("GET", &path, json!(null)).await.unwrap();
            (seen["snapshots"][0]["snapshot"] == "around").then_some(())
        });
        begun.await.unwrap();
        rig.make_index(&index, 1, json!({})).await;
        gate.open();
    };
    let taken = Taken::of(tokio::join!(call, meanwhile).0);

    let outcome = bench.succeeded(&taken.operation).await;
    let note = outcome["notes"].to_string();
    assert!(
        note.contains("made while it ran") && note.contains(&index),
        "{note}"
    );
    let held = rig.only_snapshot(&bench.repository).await["indices"].to_string();
    assert!(!held.contains(&index), "{held}");
}
