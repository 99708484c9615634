//! Progress is the engine's own, and only ever goes forward.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use crate::{bench::Plan, door::Level, rig::Rig};

on_every_engine!(a_running_snapshot_tells_bytes_and_files_by_index_and_shard);

async fn a_running_snapshot_tells_bytes_and_files_by_index_and_shard(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).throttled("512kb").start().await;
    let taken = bench.take("slow").await;
    let mut seen = Vec::new();
    let end = |operation: &Value| {
        seen.extend(operation.get("progress").cloned());
        (!operation["finished_at"].is_null()).then(|| operation["status"].clone())
    };
    let status = bench.until("the end", &taken.operation, end).await;
    assert_eq!(status, "succeeded");

    let mut before: HashMap<String, u64> = HashMap::new();
    let mut halfway = 0;
    for progress in &seen {
        let amounts = amounts(progress);
        for unit in ["bytes", "files"] {
            let below = amounts
                .iter()
                .filter(|(what, ..)| what.ends_with(&format!("/{unit}")));
            let sum: u64 = below.map(|(_, done, _)| done).sum();
            assert_eq!(
                progress[unit]["done"], sum,
                "the shards' {unit} are the whole's: {progress}"
            );
        }
        for (what, done, total) in amounts {
            assert!(total.is_none_or(|total| done <= total), "{what}: {progress}");
            assert!(
                before.get(&what).is_none_or(|before| *before <= done),
                "{what} went back: {progress}"
            );
            halfway += u32::from(what == "bytes" && total.is_some_and(|total| 0 < done && done < total));
            before.insert(what, done);
        }
    }
    assert!(halfway > 0, "no progress between nothing and all: {seen:?}");
    for shard in 0..2 {
        assert!(before[&format!("base-big/{shard}/bytes")] > 0, "{before:?}");
    }
    let measured = seen
        .iter()
        .any(|progress| progress["bytes_per_second"].as_f64() > Some(0.0));
    assert!(measured, "no rate: {seen:?}");
}

/// Everything counted: what, done, total.
fn amounts(progress: &Value) -> Vec<(String, u64, Option<u64>)> {
    let amount = |what: String, one: &Value| (what, one["done"].as_u64().unwrap(), one["total"].as_u64());
    let mut all = vec![
        amount("bytes".to_owned(), &progress["bytes"]),
        amount("files".to_owned(), &progress["files"]),
    ];
    for (index, shards) in progress["indices"].as_object().unwrap() {
        for (shard, one) in shards.as_object().unwrap() {
            for unit in ["bytes", "files"] {
                all.push(amount(format!("{index}/{shard}/{unit}"), &one[unit]));
            }
        }
    }
    all
}
