//! Listings by pages, on Elasticsearch since 7.16 alone.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::rig::Rig;

on_every_engine!(a_listing_has_pages_or_refuses_to);

async fn a_listing_has_pages_or_refuses_to(rig: Arc<Rig>) {
    let repository = rig.fresh(json!({})).await;
    for name in ["one", "two", "three"] {
        rig.snap(&repository, name, Value::Null).await.ok();
    }
    let first = format!("/_snapshot/{repository}/_all?size=2&sort=name");
    let page = rig.say("GET", &first, Value::Null).await;
    if !rig.facts().pages {
        let words = page.refused(400, "illegal_argument_exception");
        assert!(
            words.contains("unrecognized parameters: [size], [sort]"),
            "{words}"
        );
        return;
    }
    let page = page.ok();
    assert_eq!(names(&page), ["one", "three"]);
    let next = format!("{first}&after={}", page["next"].as_str().unwrap());
    let last = rig.ask("GET", &next, Value::Null).await;
    assert_eq!((names(&last), &last["next"]), (vec!["two"], &Value::Null));
}

fn names(page: &Value) -> Vec<&str> {
    let snapshots = page["snapshots"].as_array().unwrap();
    snapshots
        .iter()
        .map(|one| one["snapshot"].as_str().unwrap())
        .collect()
}
