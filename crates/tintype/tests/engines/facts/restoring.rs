//! Restores, and how documents are counted.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::{names::unique, rig::Rig};

on_every_engine!(
    a_restore_onto_an_open_index_is_refused,
    a_renamed_restore_shows_its_progress_as_a_recovery,
    nested_documents_are_counted_by_the_statistics_alone,
);

async fn a_restore_onto_an_open_index_is_refused(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    rig.snap(&repository, "one", Value::Null).await.ok();
    let path = format!("/_snapshot/{repository}/one/_restore");
    let said = rig.say("POST", &path, json!({"indices": "base-two"})).await;
    let words = said.refused(500, "snapshot_restore_exception");
    assert!(
        words.contains("an open index with same name already exists"),
        "{words}"
    );
}

async fn a_renamed_restore_shows_its_progress_as_a_recovery(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    rig.snap(&repository, "one", Value::Null).await.ok();
    let prefix = unique("again-");
    let path = format!("/_snapshot/{repository}/one/_restore");
    let body = json!({"indices": "base-two", "include_global_state": false,
        "rename_pattern": "(.+)", "rename_replacement": format!("{prefix}$1")});
    let moving = rig.moving().await;
    assert_eq!(rig.say("POST", &path, body).await.ok(), json!({"accepted": true}));
    let copy = format!("{prefix}base-two");
    let done = wait::until("the restore", Duration::from_secs(30), async || {
        let said = rig.say("GET", &format!("/{copy}/_recovery"), Value::Null).await;
        let shard = said.body[&copy]["shards"][0].clone();
        (shard["stage"] == "DONE").then_some(shard)
    });
    let shard = done.await.unwrap();
    drop(moving);
    assert_eq!(
        (&shard["type"], &shard["primary"]),
        (&json!("SNAPSHOT"), &json!(true)),
        "{shard}"
    );
    let bytes = &shard["index"]["size"];
    assert_eq!(bytes["recovered_in_bytes"], bytes["total_in_bytes"], "{shard}");
    assert!(bytes["total_in_bytes"].as_u64() > Some(0), "{shard}");
    assert_eq!(rig.documents(&copy).await, rig.documents("base-two").await);
}

async fn nested_documents_are_counted_by_the_statistics_alone(rig: Arc<Rig>) {
    let index = unique("nested");
    let mut mappings = json!({"properties": {"parts": {"type": "nested"}}});
    if rig.is_es6() {
        mappings = json!({"_doc": mappings});
    }
    let settings = json!({"index": {"number_of_shards": 1, "number_of_replicas": 0}});
    let moving = rig.moving().await;
    rig.ask(
        "PUT",
        &format!("/{index}"),
        json!({"settings": settings, "mappings": mappings}),
    )
    .await;
    rig.bulk(&index, [json!({"parts": [{"n": 1}, {"n": 2}]})]).await;
    drop(moving);
    let counted = rig.ask("GET", &format!("/{index}/_count"), Value::Null).await;
    let stats = rig
        .ask("GET", &format!("/{index}/_stats/docs"), Value::Null)
        .await;
    let all = &stats["indices"][&index]["primaries"]["docs"]["count"];
    assert_eq!((&counted["count"], all), (&json!(1), &json!(3)));
}
