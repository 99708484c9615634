//! Two registrations of one location: every engine accepts the second, and then they are in each other's way.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::rig::Rig;

on_every_engine!(a_second_writer_breaks_the_first_since_7);

async fn a_second_writer_breaks_the_first_since_7(rig: Arc<Rig>) {
    let first = rig.fresh(json!({})).await;
    rig.snap(&first, "a-one", Value::Null).await.ok();
    let second = format!("{first}-second");
    let settings = rig.registration(&first).await["settings"].take();
    let body = json!({"type": "fs", "settings": settings});
    rig.ask("PUT", &format!("/_snapshot/{second}"), body).await;
    rig.snap(&second, "b-one", Value::Null).await.ok();

    // Through the first, which has not seen what the second wrote.
    let late = rig.snap(&first, "a-two", Value::Null).await;

    if !rig.facts().notices_writers {
        late.ok();
        assert_eq!(rig.snapshot_names(&first).await, ["a-one", "b-one", "a-two"]);
        return;
    }
    let words = late.refused(500, "snapshot_exception");
    assert!(words.contains("concurrent modification"), "{words}");
    let listing = format!("/_snapshot/{first}/_all");
    rig.say("GET", &listing, Value::Null)
        .await
        .refused(500, "repository_exception");
    // Without waiting it is accepted, or not, and never there.
    let path = format!("/_snapshot/{first}/a-three?wait_for_completion=false");
    let body = json!({"indices": "base-two", "include_global_state": false});
    rig.say("PUT", &path, body).await;
    assert_eq!(rig.snapshot_names(&second).await, ["a-one", "b-one"]);
}
