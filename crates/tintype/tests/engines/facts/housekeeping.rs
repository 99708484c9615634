//! What Elasticsearch 6.8 has not: `_cleanup` and `_clone`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::rig::Rig;

// A cleanup is refused while a snapshot runs, in whatever repository.
alone_on_every_engine!(cleanup_and_clone_are_missing_on_6_8);

async fn cleanup_and_clone_are_missing_on_6_8(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    rig.snap(&repository, "one", Value::Null).await.ok();
    let cleanup = format!("/_snapshot/{repository}/_cleanup");
    let cleanup = rig.say("POST", &cleanup, Value::Null).await;
    let clone = format!("/_snapshot/{repository}/one/_clone/two");
    let clone = rig.say("PUT", &clone, json!({"indices": "base-two"})).await;
    if rig.facts().cleans_and_clones {
        assert!(cleanup.ok()["results"]["deleted_bytes"].is_u64());
        assert_eq!(clone.ok(), json!({"acknowledged": true}));
    } else {
        // To 6.8 it is the name of a new snapshot.
        cleanup.refused(400, "invalid_snapshot_name_exception");
        assert_eq!(clone.status, 400);
        let words = clone.body["error"].as_str().unwrap_or_default();
        assert!(words.starts_with("no handler found"), "{}", clone.body);
    }
}
