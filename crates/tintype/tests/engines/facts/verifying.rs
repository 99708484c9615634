//! A registration that is verified waits for a thread that a running snapshot has: the reason why Tintype registers
//! without, and verifies afterwards.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::{rig::Rig, spare::Spare};

// The engine is one with a single thread for snapshots.
on_spare_engines!(a_verified_registration_waits_behind_a_running_snapshot);

async fn a_verified_registration_waits_behind_a_running_snapshot(rig: Arc<Rig>) {
    let spare = Spare::of(&rig).await;
    let rig = &spare.rig;
    rig.make_noise("only", 1_600_000).await;
    let slow = rig.fresh(json!({"max_snapshot_bytes_per_sec": "100kb"})).await;
    let one = format!("/_snapshot/{slow}/one");
    let body = json!({"indices": "only", "include_global_state": false});
    rig.ask("PUT", &format!("{one}?wait_for_completion=false"), body)
        .await;
    let shard = async || {
        let status = rig.ask("GET", &format!("{one}/_status"), Value::Null).await;
        status["snapshots"][0]["indices"]["only"]["shards"]["0"]["stage"].clone()
    };
    let begun = wait::until("the copying", Duration::from_secs(30), async || {
        (shard().await == "STARTED").then_some(())
    });
    begun.await.unwrap();

    let unverified = rig.fresh(json!({})).await;
    assert_eq!(shard().await, "STARTED", "it was not waited for");

    let settings = rig.registration(&unverified).await["settings"].take();
    let body = json!({"type": "fs", "settings": settings});
    rig.ask("PUT", &format!("/_snapshot/{unverified}"), body).await;
    // The thread is free a moment before the shard is done.
    assert_ne!(shard().await, "STARTED", "it was waited for");
}
