//! An engine with nothing on it.

use std::sync::Arc;

use crate::{bench::Plan, door::Level, rig::Rig, spare::Spare};

on_spare_engines!(a_snapshot_of_nothing_is_not_good);

async fn a_snapshot_of_nothing_is_not_good(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    let bench = Plan::at(&spare.rig, Level::Operate).start().await;
    assert_eq!(spare.rig.indices().await.len(), 0);

    let taken = bench.take("nothing").await;

    bench.failed(&taken.operation, "empty").await;
    // The engine calls it a success.
    assert_eq!(
        spare.rig.only_snapshot(&bench.repository).await["state"],
        "SUCCESS"
    );
    let shown = bench.api.get(&bench.native("/snapshots")).await;
    assert_eq!(shown["snapshots"][0]["good"], false, "{shown}");
}
