//! A location that cannot be written, and what lies in one.

use std::{fs, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::{modes::set_mode, rig::Rig};

on_every_engine!(
    into_a_location_that_cannot_be_written_a_snapshot_vanishes_and_on_6_8_it_is_refused,
    the_files_of_a_repository,
);

async fn into_a_location_that_cannot_be_written_a_snapshot_vanishes_and_on_6_8_it_is_refused(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    rig.snap(&repository, "before", Value::Null).await.ok();
    let location = rig.engine.location(&repository).unwrap();
    set_mode(&location, 0o555);

    let path = format!("/_snapshot/{repository}/lost");
    let body = json!({"indices": "base-two", "include_global_state": false});
    let said = rig
        .say("PUT", &format!("{path}?wait_for_completion=false"), body)
        .await;
    let verified = rig
        .say("POST", &format!("/_snapshot/{repository}/_verify"), Value::Null)
        .await;
    let words = verified.refused(500, rig.facts().unverified);
    assert!(words.contains("access_denied_exception"), "{words}");
    if rig.facts().accepts_unwritable {
        assert_eq!(said.ok(), json!({"accepted": true}));
        let gone = wait::until("it to be gone", Duration::from_secs(30), async || {
            let found = rig.say("GET", &path, Value::Null).await;
            (found.status != 200).then_some(found)
        });
        gone.await.unwrap().refused(404, "snapshot_missing_exception");
    } else {
        let words = said.refused(500, "repository_exception");
        assert!(words.contains("access_denied_exception"), "{words}");
        // It cannot even be listed.
        let listing = format!("/_snapshot/{repository}/_all");
        rig.say("GET", &listing, Value::Null)
            .await
            .refused(500, "repository_exception");
    }

    set_mode(&location, 0o777);
    assert_eq!(rig.snapshot_names(&repository).await, ["before"]);
    rig.snap(&repository, "lost", Value::Null).await.ok();
}

async fn the_files_of_a_repository(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    let made = rig.snap(&repository, "one", Value::Null).await.snapshot();
    let uuid = made["uuid"].as_str().unwrap();
    let location = rig.engine.location(&repository).unwrap();
    for name in ["index-0", "index.latest"].map(str::to_owned) {
        assert!(location.join(&name).is_file(), "{name}");
    }
    for stem in ["snap", "meta"] {
        assert!(location.join(format!("{stem}-{uuid}.dat")).is_file(), "{stem}");
    }
    let index = &children(&location.join("indices"))[0];
    let plain = location.join("indices").join(index).join("0").is_dir();
    assert_eq!(plain, !rig.facts().hashes_paths);
    if rig.facts().hashes_paths {
        let hashed = |name: &String| location.join(name).join("indices").join(index).join("0").is_dir();
        assert!(
            children(&location).iter().any(hashed),
            "{:?}",
            children(&location)
        );
        let paths = children(&location.join("snapshot_shard_paths"));
        assert!(
            paths.iter().any(|path| path.contains(index.as_str())),
            "{paths:?}"
        );
    }
}

fn children(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
