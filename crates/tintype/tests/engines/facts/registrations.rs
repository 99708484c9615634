//! Registering, verifying, moving.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{names::unique, rig::Rig};

on_every_engine!(
    a_registration_below_the_allowed_path_is_acknowledged_and_verified,
    a_registration_that_cannot_work_is_refused_and_not_kept,
    a_readonly_registration_takes_no_snapshot,
    an_idle_registration_is_moved_at_once_and_its_snapshots_are_out_of_sight,
    the_uuid_of_the_contents_is_shown_by_elasticsearch_since_7_12,
);

async fn a_registration_below_the_allowed_path_is_acknowledged_and_verified(rig: Arc<Rig>) {
    let name = unique("good");
    let location = rig.engine.location(&name).unwrap();
    let body = json!({"type": "fs", "settings": {"location": location}});
    let said = rig.say("PUT", &format!("/_snapshot/{name}"), body).await;
    assert_eq!(said.ok(), json!({"acknowledged": true}));
    let said = rig
        .say("POST", &format!("/_snapshot/{name}/_verify"), Value::Null)
        .await;
    let nodes = said.ok()["nodes"].take();
    let nodes: Vec<&Value> = nodes.as_object().unwrap().values().collect();
    assert_eq!(nodes, [&json!({"name": "node-1"})]);
}

async fn a_registration_that_cannot_work_is_refused_and_not_kept(rig: Arc<Rig>) {
    let outside = json!({"type": "fs", "settings": {"location": "/somewhere/else"}});
    let uninstalled = |kind: &str| json!({"type": kind, "settings": {"bucket": "b", "url": "http://h/"}});
    let bodies = ["s3", "gcs", "azure", "url"].map(uninstalled);
    for body in bodies.into_iter().chain([outside]) {
        for query in ["", "?verify=false"] {
            let name = unique("bad");
            let path = format!("/_snapshot/{name}{query}");
            let words = rig
                .say("PUT", &path, body.clone())
                .await
                .refused(500, "repository_exception");
            let kind = body["type"].as_str().unwrap();
            let cause = format!("repository type [{kind}] does not exist");
            assert!(words.contains(&cause) || words.contains("path.repo"), "{words}");
            assert_eq!(rig.registration(&name).await, Value::Null);
        }
    }
}

async fn a_readonly_registration_takes_no_snapshot(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({"readonly": true})).await;
    let said = rig.snap(&repository, "one", Value::Null).await;
    let words = said.refused(500, "repository_exception");
    assert!(words.contains("readonly"), "{words}");
}

async fn an_idle_registration_is_moved_at_once_and_its_snapshots_are_out_of_sight(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let location = rig.registration(&repository).await["settings"]["location"].take();
    rig.snap(&repository, "one", Value::Null).await.ok();

    let elsewhere = rig.engine.location(&unique("elsewhere")).unwrap();
    rig.register(&repository, json!({"location": elsewhere})).await;
    assert_eq!(rig.snapshot_names(&repository).await, [""; 0]);

    rig.register(&repository, json!({"location": location})).await;
    assert_eq!(rig.snapshot_names(&repository).await, ["one"]);
}

async fn the_uuid_of_the_contents_is_shown_by_elasticsearch_since_7_12(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    rig.snap(&repository, "one", Value::Null).await.ok();
    let shown = rig.registration(&repository).await["uuid"].is_string();
    assert_eq!(shown, rig.facts().shows_uuid);
}
