//! A runbook of an engine that is gone, and of a registration that holds secrets, on the fake engine.

use serde_json::json;
use tintype_testkit::fake::{Dialect, SnapshotState};

use crate::{
    api::NATIVE,
    fakes::{Fakes, MAIN, quick},
};

async fn script(fakes: &Fakes, snapshot: &str) -> String {
    let path = format!("{NATIVE}/clusters/one/snapshots/{snapshot}/runbook");
    fakes.api.get(&path).await["script"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_the_fake_engine_the_runbook_is_made_from_what_was_recorded() {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Os2);
    fakes.attach("one", &engine).await;
    let taken = fakes.take("one", "ours").await;
    let ended = fakes.ended(&taken.operation).await;
    let snapshot = format!("{MAIN}/ours");
    let asked = script(&fakes, &snapshot).await;
    engine.stop();
    let recorded = script(&fakes, &snapshot).await;
    assert!(recorded.contains("the engine could not be asked"), "{recorded}");
    let uuid = ended["outcome"]["uuid"].as_str().unwrap();
    for script in [&asked, &recorded] {
        for expected in [
            uuid,
            "\"location\":\"/backups/one\"",
            "\"readonly\":true",
            "default='flights'",
        ] {
            assert!(script.contains(expected), "{expected}: {script}");
        }
    }
    let path = format!("{NATIVE}/clusters/one/snapshots/{MAIN}/nobody/runbook");
    let answer = fakes.api.send("GET", &path, serde_json::Value::Null).await;
    answer.failed(500, "clusters.snapshot.failed");
}

#[tokio::test]
async fn secrets_of_the_fake_engines_registration_stay_where_they_are() {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Es8);
    fakes.attach("one", &engine).await;
    let settings =
        json!({"bucket": "b", "client": "cold", "access_key": "AKIAHUNTER", "secret_key": "hunter2"});
    engine.put_repository("theirs", json!({"type": "s3", "settings": settings}));
    engine.add_snapshot("theirs", "foreign", SnapshotState::Success);
    let script = script(&fakes, "theirs/foreign").await;
    assert!(
        !script.contains("hunter2") && !script.contains("AKIAHUNTER"),
        "{script}"
    );
    for expected in [
        "bin/elasticsearch-keystore add s3.client.cold.secret_key",
        "access_key, secret_key",
        "\"bucket\":\"b\"",
    ] {
        assert!(script.contains(expected), "{expected}: {script}");
    }
}
