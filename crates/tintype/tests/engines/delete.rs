//! Only what Tintype made is deleted, by exact name and uuid; everything else stays.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    api::Answer,
    bench::{Bench, Plan},
    door::Level,
    names::unique,
    rig::Rig,
};

on_every_engine!(
    a_snapshot_of_ours_is_deleted_and_its_name_stays_burned,
    a_foreign_snapshot_is_left_alone,
    another_snapshot_under_our_name_is_left_alone,
    a_running_snapshot_is_cancelled_and_not_deleted,
    a_snapshot_that_is_being_restored_is_not_deleted,
    the_level_and_a_read_only_registration_forbid_it,
);

const CONFLICT: &str = "root.conflict";
const PRECONDITION: &str = "root.precondition_failed";

impl Bench {
    async fn ask_delete(&self, name: &str, query: &str) -> Answer {
        let path = self.native(&format!("/snapshots/{}/{name}{query}", self.repository));
        self.api.send("DELETE", &path, Value::Null).await
    }

    /// Names and uuids in the platform's repository, as the engine tells them.
    async fn held(&self) -> Vec<(String, String)> {
        let path = format!("/_snapshot/{}/_all", self.repository);
        let (_, answer) = self.rig.engine.http("GET", &path, Value::Null).await.unwrap();
        let text = |one: &Value, member: &str| one[member].as_str().unwrap().to_owned();
        let all = answer["snapshots"].as_array().unwrap();
        all.iter()
            .map(|one| (text(one, "snapshot"), text(one, "uuid")))
            .collect()
    }

    async fn make_foreign(&self, name: &str) {
        let path = format!("/_snapshot/{}/{name}?wait_for_completion=true", self.repository);
        let what = json!({"indices": "base-one", "include_global_state": false});
        let (status, answer) = self.rig.engine.http("PUT", &path, what).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
}

async fn a_snapshot_of_ours_is_deleted_and_its_name_stays_burned(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let taken = bench.take_whole("ours").await;
    bench.take_whole("other").await;
    let uuid = bench.succeeded(&taken.operation).await["uuid"].clone();

    let wrong = bench.ask_delete("ours", "?uuid=AAAAAAAAAAAAAAAAAAAAAA").await;
    let message = wrong.failed(409, CONFLICT);
    assert!(message.contains(uuid.as_str().unwrap()), "{message}");
    assert_eq!(bench.ask_delete("ours", "?uuid=").await.status, 400);
    assert_eq!(bench.held().await.len(), 2);

    let query = format!("?uuid={}", uuid.as_str().unwrap());
    let started = bench.ask_delete("ours", &query).await.ok(202);
    assert_eq!(started["kind"], "delete_snapshot");
    let outcome = bench.succeeded(started["id"].as_str().unwrap()).await;
    assert_eq!((&outcome["name"], &outcome["uuid"]), (&json!("ours"), &uuid));
    let names: Vec<String> = bench.held().await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["other"]);

    bench
        .call(json!({"name": "ours"}))
        .await
        .failed(409, "clusters.snapshot.name_conflict");
    bench
        .ask_delete("ours", "")
        .await
        .failed(404, "clusters.snapshot.not_found");
}

async fn a_foreign_snapshot_is_left_alone(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("ours").await;
    bench.make_foreign("foreign").await;
    let before = bench.held().await;
    let message = bench.ask_delete("foreign", "").await.failed(409, CONFLICT);
    assert!(message.contains("was not made by this Tintype"), "{message}");
    bench
        .ask_delete("nobody", "")
        .await
        .failed(404, "clusters.snapshot.not_found");
    assert_eq!(bench.held().await, before);
}

async fn another_snapshot_under_our_name_is_left_alone(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("ours").await;
    let path = format!("/_snapshot/{}/ours", bench.repository);
    let (status, _) = rig.engine.http("DELETE", &path, Value::Null).await.unwrap();
    assert_eq!(status, 200);
    bench.make_foreign("ours").await;
    let before = bench.held().await;
    let message = bench.ask_delete("ours", "").await.failed(409, CONFLICT);
    assert!(message.contains(&before[0].1), "{message}");
    assert_eq!(bench.held().await, before);
}

async fn a_running_snapshot_is_cancelled_and_not_deleted(rig: Arc<Rig>) {
    let bench = Plan::at(&rig, Level::Operate).throttled("256kb").start().await;
    let taken = bench.take("long").await;
    bench.copying(&taken.operation).await;
    let message = bench.ask_delete("long", "").await.failed(412, PRECONDITION);
    assert!(
        message.contains(&format!("operation cancel {}", taken.operation)),
        "{message}"
    );
    bench.cancel(&taken.operation).await.ok(202);
    bench.ended(&taken.operation).await;
}

async fn a_snapshot_that_is_being_restored_is_not_deleted(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("source").await;
    let before = bench.held().await;
    // Somebody else restores from it, slowly, through a registration of their own.
    let slow = unique("slow");
    let settings =
        json!({"location": bench.location(), "max_restore_bytes_per_sec": "64kb", "readonly": true});
    rig.register(&slow, settings).await;
    let moving = rig.moving().await;
    let prefix = unique("slowly-");
    let body = json!({"indices": "base-big", "include_global_state": false, "rename_pattern": "(.+)",
        "rename_replacement": format!("{prefix}$1")});
    let path = format!("/_snapshot/{slow}/source/_restore");
    let (status, answer) = rig.engine.http("POST", &path, body).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let message = bench.ask_delete("source", "").await.failed(412, PRECONDITION);
    assert!(message.contains("a restore from it is running"), "{message}");
    assert_eq!(bench.held().await, before);
    let target = format!("/{prefix}base-big");
    rig.engine.http("DELETE", &target, Value::Null).await.unwrap();
    drop(moving);
}

async fn the_level_and_a_read_only_registration_forbid_it(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    bench.take_whole("ours").await;
    let settings = json!({"location": bench.location(), "readonly": true});
    rig.register(&bench.repository, settings).await;
    let message = bench.ask_delete("ours", "").await.failed(412, PRECONDITION);
    assert!(message.contains("read-only"), "{message}");

    let path = bench.native("");
    bench
        .api
        .send("PATCH", &path, json!({"access": "take"}))
        .await
        .ok(200);
    let message = bench
        .ask_delete("ours", "")
        .await
        .failed(403, "root.unauthorized.rbac");
    assert!(message.contains("operate"), "{message}");
    assert_eq!(bench.held().await.len(), 1);
}
