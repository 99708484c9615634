//! An index without its primary.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::{names::unique, rig::Rig};

// Whoever takes a snapshot of everything meanwhile is refused.
alone_on_every_engine!(a_missing_primary_is_refused_and_on_6_8_a_failure_under_a_taken_name);

async fn a_missing_primary_is_refused_and_on_6_8_a_failure_under_a_taken_name(rig: Arc<Rig>) {
    let (repository, index) = (rig.fresh(json!({})).await, unique("red"));
    rig.make_red(&index).await;
    let body = json!({"indices": index, "include_global_state": false, "partial": false});
    let path = format!("/_snapshot/{repository}/one");

    let said = rig
        .say("PUT", &format!("{path}?wait_for_completion=false"), body.clone())
        .await;

    if rig.facts().accepts_red {
        assert_eq!(said.ok(), json!({"accepted": true}));
        let failed = wait::until("its end", Duration::from_secs(30), async || {
            let found = rig.only_snapshot(&repository).await;
            (found["state"] != "IN_PROGRESS").then_some(found)
        });
        let failed = failed.await.unwrap();
        let why = &failed["failures"][0]["reason"];
        assert_eq!(
            (&failed["state"], why),
            (&json!("FAILED"), &json!("primary shard is not allocated"))
        );
        let again = rig.say("PUT", &path, body).await;
        again.refused(400, rig.facts().name_taken);
    } else {
        said.refused(500, "snapshot_exception");
        let left = rig.say("GET", &path, Value::Null).await;
        left.refused(404, "snapshot_missing_exception");
        assert_eq!(rig.snapshot_names(&repository).await, [""; 0]);
    }
    rig.ask("DELETE", &format!("/{index}"), Value::Null).await;
}
