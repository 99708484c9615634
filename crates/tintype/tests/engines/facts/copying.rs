//! What an engine tells of a snapshot that it writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::rig::Rig;

on_every_engine!(bytes_are_counted_when_a_file_is_done_and_there_is_no_total_before_a_shard_starts);

async fn bytes_are_counted_when_a_file_is_done_and_there_is_no_total_before_a_shard_starts(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({"max_snapshot_bytes_per_sec": "1mb"})).await;
    let path = format!("/_snapshot/{repository}/one");
    let body = json!({"indices": "base-big", "include_global_state": false});
    rig.ask("PUT", &format!("{path}?wait_for_completion=false"), body)
        .await;

    let mut looks = Vec::new();
    let end = wait::until("the end", Duration::from_secs(60), async || {
        let status = rig.ask("GET", &format!("{path}/_status"), Value::Null).await;
        let look = status["snapshots"][0].clone();
        let ended = look["state"] == "SUCCESS";
        looks.push(look);
        ended.then_some(())
    });
    end.await.unwrap();

    // How many bytes belong to how many files, by shard.
    let mut bytes: BTreeMap<(String, u64), BTreeSet<u64>> = BTreeMap::new();
    for look in &looks {
        let counts = &look["shards_stats"];
        for name in ["initializing", "started", "finalizing", "done", "failed", "total"] {
            assert!(counts[name].is_u64(), "{name}: {look}");
        }
        for name in ["incremental", "total"] {
            let amount = &look["stats"][name];
            assert!(
                amount["size_in_bytes"].is_u64() && amount["file_count"].is_u64(),
                "{name}: {look}"
            );
        }
        if counts["initializing"] == counts["total"] {
            assert_eq!(look["stats"]["incremental"]["size_in_bytes"], 0, "{look}");
        }
        let shards = look["indices"]["base-big"]["shards"].as_object();
        for (number, shard) in shards.into_iter().flatten() {
            if let Some(files) = shard["stats"]["processed"]["file_count"].as_u64() {
                let done = shard["stats"]["processed"]["size_in_bytes"].as_u64().unwrap();
                bytes.entry((number.clone(), files)).or_default().insert(done);
            }
        }
    }
    assert!(bytes.len() > 2, "nothing between none and all: {bytes:?}");
    assert!(bytes.values().all(|amounts| amounts.len() == 1), "{bytes:?}");
}
