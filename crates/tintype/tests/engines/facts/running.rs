//! What an engine refuses while it writes a snapshot.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::rig::Rig;

on_every_engine!(what_a_running_snapshot_holds_is_not_changed_and_a_delete_aborts_it);

async fn what_a_running_snapshot_holds_is_not_changed_and_a_delete_aborts_it(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({"max_snapshot_bytes_per_sec": "64kb"})).await;
    let one = format!("/_snapshot/{repository}/one");
    begin(&rig, &one).await;

    let same = rig.say("PUT", &one, Value::Null).await;
    let other = rig.fresh(json!({})).await;
    let beside = rig.snap(&other, "beside", Value::Null).await;
    if rig.facts().several {
        same.refused(400, rig.facts().name_taken);
        assert_eq!(beside.snapshot()["state"], "SUCCESS");
    } else {
        for said in [same, beside] {
            said.refused(503, "concurrent_snapshot_execution_exception");
        }
    }

    for (method, path) in [("DELETE", "/base-big"), ("POST", "/base-big/_close")] {
        let said = rig.say(method, path, Value::Null).await;
        said.refused(400, "snapshot_in_progress_exception");
    }

    let before = rig.registration(&repository).await;
    let (status, kind) = rig.facts().busy;
    let elsewhere =
        json!({"type": "fs", "settings": {"location": rig.engine.location("elsewhere").unwrap()}});
    let path = format!("/_snapshot/{repository}");
    let moved = rig.say("PUT", &format!("{path}?verify=false"), elsewhere).await;
    moved.refused(status, kind);
    rig.say("DELETE", &path, Value::Null).await.refused(status, kind);
    assert_eq!(rig.registration(&repository).await, before);

    let seen = rig.ask("GET", &one, Value::Null).await;
    assert_eq!(
        seen["snapshots"][0]["state"], "IN_PROGRESS",
        "it was to run all the while"
    );
    rig.ask("DELETE", &one, Value::Null).await;
    let gone = rig.say("GET", &one, Value::Null).await;
    gone.refused(404, "snapshot_missing_exception");
}

/// Starts a snapshot of the big index, and waits until it copies.
async fn begin(rig: &Rig, path: &str) {
    let body = json!({"indices": "base-big", "include_global_state": false});
    let said = rig
        .say("PUT", &format!("{path}?wait_for_completion=false"), body)
        .await;
    assert_eq!(said.ok(), json!({"accepted": true}));
    let copying = wait::until("the copying", Duration::from_secs(30), async || {
        let status = rig.ask("GET", &format!("{path}/_status"), Value::Null).await;
        (status["snapshots"][0]["shards_stats"]["started"] != 0).then_some(())
    });
    copying.await.unwrap();
}
