//! The audit rows of the calls that ask an engine first.

use crate::Fleet;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tintype_testkit::wait;

const NATIVE: &str = "/api/tintype/v1";

async fn newest(fleet: &Fleet) -> Value {
    let (_, answer) = fleet
        .call(Method::GET, &format!("{NATIVE}/audit?limit=1"), &Value::Null)
        .await;
    answer["entries"][0].clone()
}

#[tokio::test]
async fn an_attach_a_restore_a_deletion_and_a_re_pin_leave_their_rows() {
    let fleet = Fleet::start().await;
    let action = "/audit?action=attach_cluster";
    let (_, answer) = fleet
        .call(Method::GET, &format!("{NATIVE}{action}"), &Value::Null)
        .await;
    let attached = &answer["entries"][0];
    assert_eq!(
        (&attached["action"], &attached["target"], &attached["principal"]),
        (&json!("attach_cluster"), &json!(fleet.cluster), &json!("admin"))
    );
    assert_eq!(attached["address"], "127.0.0.1");

    let cluster = format!("{NATIVE}/clusters/{}", fleet.cluster);
    let take = json!({"name": "one", "repository_name": "backups"});
    let (status, answer) = fleet
        .call(Method::POST, &format!("{cluster}/snapshots"), &take)
        .await;
    assert!(status < 300, "{answer}");
    let ended = async || {
        let (_, all) = fleet
            .call(Method::GET, &format!("{NATIVE}/operations"), &Value::Null)
            .await;
        (all["operations"][0]["status"] == "succeeded").then_some(())
    };
    wait::until("the snapshot", Duration::from_secs(60), ended)
        .await
        .unwrap();
    let restore = format!("{cluster}/snapshots/backups/one/_restore");
    let (status, answer) = fleet
        .call(Method::POST, &restore, &json!({"rename_prefix": "r-"}))
        .await;
    assert!(status < 300, "{answer}");
    let restored = newest(&fleet).await;
    assert_eq!(
        restored["target"],
        json!(format!("{}/backups/one", fleet.cluster))
    );
    assert!(
        restored["detail"]
            .as_str()
            .unwrap()
            .starts_with("restore_snapshot "),
        "{restored}"
    );
    wait::until("the restore", Duration::from_secs(60), ended)
        .await
        .unwrap();

    let (status, answer) = fleet
        .call(
            Method::DELETE,
            &format!("{cluster}/snapshots/backups/one"),
            &Value::Null,
        )
        .await;
    assert_eq!(status, 202, "{answer}");
    let deleted = newest(&fleet).await;
    assert_eq!(deleted["target"], json!(format!("{}/backups/one", fleet.cluster)));
    assert!(
        deleted["detail"]
            .as_str()
            .unwrap()
            .starts_with("delete_snapshot "),
        "{deleted}"
    );
    wait::until("the deletion", Duration::from_secs(60), ended)
        .await
        .unwrap();

    let other = tintype_testkit::fake::FakeEngine::start(tintype_testkit::fake::Dialect::Os2).unwrap();
    let (status, answer) = fleet
        .call(
            Method::PATCH,
            &cluster,
            &json!({"url": other.url(), "repin": true}),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    let pinned = newest(&fleet).await;
    assert_eq!(pinned["action"], "update_cluster");
    let detail = pinned["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("pinned uuid ") && detail.ends_with("changed url"),
        "{detail}"
    );
}
