//! Who an engine is, and what it answers to a plain snapshot.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::rig::Rig;

on_every_engine!(
    the_version_is_with_the_nodes_where_the_root_has_none,
    the_clusters_uuid_alone_can_be_asked_for,
    a_snapshot_tells_the_version_that_made_it,
    metadata_comes_back_where_it_is_kept,
    an_unknown_member_of_the_body_is_ignored,
    a_snapshot_of_no_index_is_a_success,
);

async fn the_version_is_with_the_nodes_where_the_root_has_none(rig: Arc<Rig>) {
    let root = rig.say("GET", "/", Value::Null).await;
    assert_eq!(root.status, rig.facts().root, "{}", root.body);
    let row = rig.engine.row();
    let shown = &root.body["version"];
    if root.status == 200 {
        assert_eq!(shown["number"], row.version);
        let opensearch = row.name.starts_with("opensearch");
        assert_eq!(shown["distribution"] == "opensearch", opensearch, "{shown}");
    } else {
        assert!(shown.is_null());
    }
    let nodes = rig
        .ask("GET", "/_nodes?filter_path=nodes.*.version", Value::Null)
        .await;
    let mut versions = nodes["nodes"].as_object().unwrap().values();
    assert!(
        versions.all(|node| *node == json!({"version": row.version})),
        "{nodes}"
    );
}

async fn the_clusters_uuid_alone_can_be_asked_for(rig: Arc<Rig>) {
    let path = "/_cluster/state/version?filter_path=cluster_uuid";
    let state = rig.ask("GET", path, Value::Null).await;
    let uuid = state["cluster_uuid"].as_str().unwrap();
    assert_eq!(state, json!({"cluster_uuid": uuid}));
    assert_eq!(uuid.len(), 22, "{uuid}");
    let root = rig.say("GET", "/", Value::Null).await;
    if root.status == 200 {
        assert_eq!(root.body["cluster_uuid"], uuid);
    }
}

async fn a_snapshot_tells_the_version_that_made_it(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let made = rig.snap(&repository, "one", Value::Null).await.snapshot();
    let version = (&made["version"], &made["version_id"]);
    let wanted = (&json!(rig.engine.row().version), &json!(rig.facts().version_id));
    assert_eq!(version, wanted, "{made}");
}

async fn metadata_comes_back_where_it_is_kept(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let metadata = json!({"tintype": {"operation": "0192"}});
    rig.snap(&repository, "one", json!({"metadata": metadata}))
        .await
        .ok();
    let kept = rig.only_snapshot(&repository).await["metadata"].take();
    let wanted = if rig.facts().keeps_metadata {
        metadata
    } else {
        Value::Null
    };
    assert_eq!(kept, wanted);
}

async fn an_unknown_member_of_the_body_is_ignored(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let made = rig
        .snap(&repository, "one", json!({"nobody_knows_this": 1}))
        .await;
    assert_eq!(made.snapshot()["state"], "SUCCESS");
}

async fn a_snapshot_of_no_index_is_a_success(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let made = rig
        .snap(&repository, "one", json!({"indices": "nothing-like-this-*"}))
        .await;
    let made = made.snapshot();
    assert_eq!(
        (&made["state"], &made["indices"]),
        (&json!("SUCCESS"), &json!([]))
    );
}
