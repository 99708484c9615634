//! An engine that dies at the worst moments.

use std::sync::Arc;

use serde_json::json;
use tintype_testkit::faults::{Fault, Gate, Rule};

use crate::{bench::Plan, door::Level, rig::Rig, spare::Spare};

on_every_engine!(
    an_engine_killed_before_it_answers_is_500_and_the_name_stays_free,
    a_snapshot_that_dies_with_its_engine_is_failed_and_never_sent_again,
);

async fn an_engine_killed_before_it_answers_is_500_and_the_name_stays_free(rig: Arc<Rig>) {
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

    let message = answer.failed(500, "clusters.snapshot.failed");
    assert!(message.contains(&bench.cluster), "{message}");
    rig.engine.restart().await.unwrap();
    bench.take_whole("late").await;
    assert_eq!(rig.snapshot_names(&bench.repository).await, ["late"]);
}

async fn a_snapshot_that_dies_with_its_engine_is_failed_and_never_sent_again(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    let rig = &spare.rig;
    rig.make_index("only", 1, json!({})).await;
    let noise: String = (0..200_000_u32)
        .map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761)))
        .collect();
    rig.bulk("only", [json!({"noise": noise})]).await;
    let bench = Plan::at(rig, Level::Operate)
        .watched()
        .throttled("50kb")
        .start()
        .await;
    let taken = bench.take("cut-off").await;

    rig.engine.kill9();
    rig.engine.restart().await.unwrap();

    bench.failed(&taken.operation, "vanished").await;
    assert_eq!(rig.snapshot_names(&bench.repository).await, [""; 0]);
    let path = format!("/_snapshot/{}/cut-off", bench.repository);
    assert_eq!(bench.door.proxy().faults().matching("PUT", &path).len(), 1);
}
