//! Names: refused, accepted, taken, free again, missing.

use std::{process::Command, sync::Arc};

use serde_json::{Value, json};

use crate::rig::Rig;

on_every_engine!(
    names_that_are_refused,
    strange_names_that_are_accepted,
    names_that_are_steps_in_a_path_are_accepted,
    a_name_in_date_math_is_resolved,
    a_name_is_taken_until_its_snapshot_is_deleted,
    what_is_missing_is_404_by_its_kind,
);

async fn names_that_are_refused(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    for name in ["Upper", "a%20b", "a%23b", "_lead", "a,b", "a*b", "a%5Cb", "a%2Fb"] {
        let said = rig.snap(&repository, name, Value::Null).await;
        said.refused(400, "invalid_snapshot_name_exception");
    }
    assert_eq!(rig.snapshot_names(&repository).await, [""; 0]);
}

async fn strange_names_that_are_accepted(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let long = "x".repeat(3_000);
    for (path, name) in [("a:b", "a:b"), ("%C3%A9t%C3%A9", "été"), (&long, &long)] {
        let made = rig.snap(&repository, path, Value::Null).await.snapshot();
        assert_eq!(
            (&made["snapshot"], &made["state"]),
            (&json!(name), &json!("SUCCESS"))
        );
    }
}

/// Clients of HTTP take such a step themselves, so that it needs one that can be told not to.
async fn names_that_are_steps_in_a_path_are_accepted(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    for name in ["%2E", "%2E%2E"] {
        let query = "wait_for_completion=true";
        let url = format!("{}/_snapshot/{repository}/{name}?{query}", rig.engine.url());
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--insecure", "--path-as-is", "--request", "PUT", &url]);
        curl.args(["--header", "content-type: application/json", "--data"]);
        curl.arg(json!({"indices": "base-two", "include_global_state": false}).to_string());
        if rig.engine.row().has_security {
            let admin = rig.engine.users().admin;
            curl.args(["--user", &format!("{}:{}", admin.name, admin.password)]);
        }
        let output = tokio::task::spawn_blocking(move || curl.output())
            .await
            .unwrap()
            .unwrap();
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(made["snapshot"]["state"], "SUCCESS", "{made}");
    }
    assert_eq!(rig.snapshot_names(&repository).await, [".", ".."]);
}

async fn a_name_in_date_math_is_resolved(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    // A year: only who runs this around its end sees two of them.
    let made = rig
        .snap(&repository, "%3Csnap-%7Bnow%2Fy%7Byyyy%7D%7D%3E", Value::Null)
        .await;
    let name = made.snapshot()["snapshot"].as_str().unwrap().to_owned();
    let year: i16 = name.strip_prefix("snap-").unwrap().parse().unwrap();
    let now = jiff::Timestamp::now().to_string();
    let this: i16 = now[..4].parse().unwrap();
    assert!((this - 1..=this).contains(&year), "{name}");
    assert_eq!(rig.snapshot_names(&repository).await, [name]);
}

async fn a_name_is_taken_until_its_snapshot_is_deleted(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let first = rig.snap(&repository, "same", Value::Null).await.snapshot();

    let again = rig.snap(&repository, "same", Value::Null).await;

    let words = again.refused(400, rig.facts().name_taken);
    assert!(
        words.contains("snapshot with the same name already exists"),
        "{words}"
    );
    let path = format!("/_snapshot/{repository}/same");
    assert_eq!(
        rig.ask("DELETE", &path, Value::Null).await,
        json!({"acknowledged": true})
    );
    assert_eq!(rig.snapshot_names(&repository).await, [""; 0]);
    let second = rig.snap(&repository, "same", Value::Null).await.snapshot();
    assert_ne!(first["uuid"], second["uuid"]);
}

async fn what_is_missing_is_404_by_its_kind(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    for (method, path) in [
        ("GET", format!("/_snapshot/{repository}/none")),
        ("GET", format!("/_snapshot/{repository}/none/_status")),
        ("DELETE", format!("/_snapshot/{repository}/none")),
    ] {
        let said = rig.say(method, &path, Value::Null).await;
        said.refused(404, "snapshot_missing_exception");
    }
    let said = rig.say("GET", "/_snapshot/nobodys", Value::Null).await;
    said.refused(404, "repository_missing_exception");
    let said = rig.snap("nobodys", "one", Value::Null).await;
    said.refused(404, "repository_missing_exception");
    let said = rig
        .snap(&repository, "one", json!({"indices": "none-such"}))
        .await;
    said.refused(404, "index_not_found_exception");
}
