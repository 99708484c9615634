//! Adopting a registration that an engine already has, shown on the fake engine.

use serde_json::json;
use tintype_testkit::fake::Dialect;

use crate::fakes::{Fakes, MAIN, quick};

#[tokio::test]
async fn on_the_fake_engine_an_adopted_registration_is_used_where_and_as_it_is() {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Es8);
    let settings = json!({"location": "/elsewhere/of-old", "compress": true});
    engine.put_repository(MAIN, json!({"type": "fs", "settings": settings}));
    let before = engine.repository(MAIN);

    let attached = fakes
        .attach_with("old", &engine, json!({"repository": MAIN, "adopt": true}))
        .await;
    assert_eq!(attached["location"], "/elsewhere/of-old");
    let taken = fakes.take("old", "first").await;
    fakes.succeeded(&taken.operation).await;

    assert_eq!(engine.snapshots(MAIN).len(), 1);
    assert_eq!(engine.repository(MAIN), before);
    let registered = engine.faults().matching("PUT", "/_snapshot/*");
    assert!(registered.is_empty(), "{registered:?}");
}

#[tokio::test]
async fn on_the_fake_engine_a_registration_of_another_place_is_refused_unless_adopted() {
    let fakes = Fakes::start(&[]).await;
    let engine = quick(Dialect::Os2);
    let settings = json!({"location": "/elsewhere/of-old"});
    engine.put_repository(MAIN, json!({"type": "fs", "settings": settings}));
    fakes.attach("old", &engine).await;

    let refused = fakes.call("old", "first").await;

    let message = refused.failed(500, "clusters.snapshot.repository_not_found");
    assert!(
        message.contains("/elsewhere/of-old") && message.contains("--adopt"),
        "{message}"
    );
    assert!(engine.snapshots(MAIN).is_empty());
}
