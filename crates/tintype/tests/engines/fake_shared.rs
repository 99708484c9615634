//! Two clusters that write to one location, shown on two fake engines whose operators registered it.

use serde_json::{Value, json};
use tintype_testkit::fake::{Dialect, FakeEngine, SnapshotState};

use crate::fakes::{Fakes, MAIN, slow};

/// Two clusters, `left` and `right`, once Tintype knows that they share a location.
async fn two_writers() -> (Fakes, FakeEngine) {
    let fakes = Fakes::start(&[("TINTYPE_WATCH__INTERVAL_SECONDS", "1")]).await;
    let engines = ["left", "right"].map(|id| (id, slow(Dialect::Os2)));
    for (id, engine) in &engines {
        let settings = json!({"location": "/backups/shared"});
        engine.put_repository(MAIN, json!({"type": "fs", "settings": settings}));
        fakes
            .attach_with(id, engine, json!({"repository": MAIN, "adopt": true}))
            .await;
    }
    let [(_, left), _] = engines;
    fakes.until("/clusters/left", shares).await;
    (fakes, left)
}

fn shares(seen: &Value) -> bool {
    !seen["shared_locations"][0].is_null()
}

#[tokio::test]
async fn on_fake_engines_both_clusters_show_the_location_that_they_share() {
    let (fakes, _left) = two_writers().await;
    for id in ["left", "right"] {
        let writers = ["left", "right"].map(|id| json!({"cluster_id": id, "registration": MAIN}));
        assert_eq!(
            fakes.cluster(id).await["shared_locations"],
            json!([{"location": "fs:/backups/shared", "writers": writers}])
        );
    }
}

#[tokio::test]
async fn on_fake_engines_a_snapshot_into_a_shared_location_is_taken_and_never_aborted() {
    let (fakes, left) = two_writers().await;
    let taken = fakes.take("left", "kept").await;

    let path = format!("{}/operations/{}/_cancel", crate::api::NATIVE, taken.operation);
    let refused = fakes.api.send("POST", &path, Value::Null).await;

    let message = refused.failed(412, "root.precondition_failed");
    assert!(
        message.contains("left/main") && message.contains("right/main"),
        "{message}"
    );
    left.finish_snapshot(MAIN, "kept", SnapshotState::Success);
    fakes.succeeded(&taken.operation).await;
    assert!(left.faults().matching("DELETE", "/**").is_empty());
}
