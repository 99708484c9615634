//! An engine that is gone before anything was sent. Last in the alphabet, so that nobody waits for its restart.

use std::sync::Arc;

use serde_json::json;
use tintype_testkit::faults::{Fault, Gate, Rule};

use crate::{bench::Plan, door::Level, rig::Rig, spare::Spare};

on_spare_engines!(an_engine_killed_before_it_answers_is_500_and_burns_no_name);

async fn an_engine_killed_before_it_answers_is_500_and_burns_no_name(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    let rig = &spare.rig;
    rig.make_index("only", 1, json!({})).await;
    let bench = Plan::at(rig, Level::Operate).watched().start().await;
    let (gate, path) = (Gate::default(), format!("/_snapshot/{}/late", bench.repository));
    let faults = bench.door.proxy().faults();
    faults.add(Rule::new("GET", &path, Fault::HoldRequest(gate.clone())));

    let call = bench.call(json!({"name": "late"}));
    let meanwhile = async {
        faults.wait_for("GET", &path, 1).await.unwrap();
        rig.engine.kill9();
        gate.open();
    };
    let answer = tokio::join!(call, meanwhile).0;

    // The second time the name is not what is wrong: nothing was sent under it.
    for answer in [answer, bench.call(json!({"name": "late"})).await] {
        let message = answer.failed(500, "clusters.snapshot.failed");
        assert!(message.contains(&bench.cluster), "{message}");
    }
    assert!(faults.matching("PUT", &path).is_empty());
}
