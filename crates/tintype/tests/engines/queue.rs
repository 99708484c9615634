//! Limits, and waiting in line.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{bench::Plan, door::Level, rig::Rig};

// Nobody may make an index while a snapshot that waited in line is sent.
alone_on_every_engine!(
    beyond_the_limit_a_snapshot_waits_in_line,
    a_snapshot_cancelled_in_line_is_never_sent,
);

fn one_at_a_time(rig: &Arc<Rig>) -> Plan {
    Plan::at(rig, Level::Operate)
        .throttled("512kb")
        .env("TINTYPE_OPERATIONS__PER_CLUSTER", "1")
        .env("TINTYPE_OPERATIONS__ANSWER_WAIT_SECONDS", "1")
}

async fn beyond_the_limit_a_snapshot_waits_in_line(rig: Arc<Rig>) {
    let bench = one_at_a_time(&rig).start().await;
    let first = bench.take("first").await;
    bench.copying(&first.operation).await;
    let second = bench.take("second").await;
    let third = bench.take("third").await;

    for (ahead, waiting) in [&second, &third].into_iter().enumerate() {
        let seen = bench.operation(&waiting.operation).await;
        assert_eq!(
            (&seen["status"], &seen["queue_position"]),
            (&json!("queued"), &json!(ahead)),
            "{seen}"
        );
    }
    assert_eq!(rig.snapshot_names(&bench.repository).await, ["first"]);

    let mut ends = Vec::new();
    for taken in [&first, &second, &third] {
        bench.succeeded(&taken.operation).await;
        ends.push(
            bench.operation(&taken.operation).await["finished_at"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(ends.is_sorted(), "{ends:?}");
    assert_eq!(rig.snapshots(&bench.repository).await.len(), 3);
}

async fn a_snapshot_cancelled_in_line_is_never_sent(rig: Arc<Rig>) {
    let bench = one_at_a_time(&rig).watched().start().await;
    let first = bench.take("first").await;
    bench.copying(&first.operation).await;
    let second = bench.take("second").await;

    bench.cancel(&second.operation).await.ok(202);
    bench.succeeded(&first.operation).await;

    let ended = bench.ended(&second.operation).await;
    assert_eq!(
        (&ended["status"], &ended["outcome"]),
        (&json!("cancelled"), &Value::Null)
    );
    let path = format!("/_snapshot/{}/second", bench.repository);
    assert!(bench.door.proxy().faults().matching("PUT", &path).is_empty());
    rig.only_snapshot(&bench.repository).await;
}
