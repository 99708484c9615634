//! An engine that dies while it works.

use std::sync::Arc;

use crate::{bench::Plan, door::Level, rig::Rig, spare::Spare};

on_spare_engines!(a_snapshot_that_dies_with_its_engine_is_failed_and_never_sent_again);

async fn a_snapshot_that_dies_with_its_engine_is_failed_and_never_sent_again(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    let rig = &spare.rig;
    rig.make_noise("only", 1_600_000).await;
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
