//! A snapshot that comes after its operation has ended without it, shown on the fake engine: something between Tintype
//! and the engine repeats the request late.

use serde_json::json;
use tintype_testkit::fake::{Dialect, SnapshotState};

use crate::fakes::{Fakes, MAIN, ask, slow};

#[tokio::test]
async fn on_the_fake_engine_a_late_snapshot_is_reported_and_left_alone_and_its_name_stays_burned() {
    let fakes = Fakes::start(&[("TINTYPE_WATCH__INTERVAL_SECONDS", "1")]).await;
    let engine = slow(Dialect::Es8);
    fakes.attach("late", &engine).await;
    let taken = fakes.take("late", "stray").await;
    engine.lose_snapshot(MAIN, "stray");
    let ended = fakes.ended(&taken.operation).await;
    assert_eq!(ended["failure"]["kind"], "vanished", "{ended}");
    let path = format!("/_snapshot/{MAIN}/stray");
    let sent = engine.faults().matching("PUT", &path).remove(0);
    engine.faults().forget();

    assert_eq!(ask(&engine, "PUT", &path, sent.json()).await.0, 200);

    let reported = |seen: &serde_json::Value| !seen["observation"]["strays"][0].is_null();
    let seen = fakes.until("/clusters/late", reported).await;
    let strays = seen["observation"]["strays"].as_array().unwrap();
    assert_eq!(strays.len(), 1, "{seen}");
    assert_eq!(
        (&strays[0]["name"], &strays[0]["operation"]),
        (&json!("stray"), &json!(taken.operation))
    );
    let again = fakes.call("late", "stray").await;
    again.failed(409, "clusters.snapshot.name_conflict");
    assert_eq!(
        engine.snapshots(MAIN),
        [("stray".to_owned(), SnapshotState::InProgress)]
    );
    assert_eq!(fakes.operation(&taken.operation).await["status"], "failed");
    assert!(engine.faults().matching("DELETE", "/**").is_empty());
    assert_eq!(
        engine.faults().matching("PUT", "/**").len(),
        1,
        "the late one alone"
    );
}
