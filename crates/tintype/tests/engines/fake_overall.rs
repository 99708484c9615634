//! The limit over all clusters, shown on two fake engines.

use tintype_testkit::fake::{Dialect, SnapshotState};

use crate::fakes::{Fakes, MAIN, quick, slow};

const ONE_AT_A_TIME: [(&str, &str); 2] = [
    ("TINTYPE_OPERATIONS__OVERALL", "1"),
    ("TINTYPE_OPERATIONS__ANSWER_WAIT_SECONDS", "1"),
];

#[tokio::test]
async fn on_fake_engines_a_second_clusters_snapshot_waits_until_the_first_ended() {
    let fakes = Fakes::start(&ONE_AT_A_TIME).await;
    let (one, two) = (slow(Dialect::Es8), quick(Dialect::Os2));
    fakes.attach("one", &one).await;
    fakes.attach("two", &two).await;
    let first = fakes.take("one", "first").await;

    // Its caller is told 202, since the intent to take it is durable.
    let second = fakes.take("two", "second").await;

    assert_eq!(fakes.operation(&second.operation).await["status"], "queued");
    assert!(two.faults().matching("PUT", "/_snapshot/**").is_empty());
    one.finish_snapshot(MAIN, "first", SnapshotState::Success);
    fakes.succeeded(&first.operation).await;
    fakes.succeeded(&second.operation).await;
    assert_eq!(two.snapshots(MAIN).len(), 1);
}

#[tokio::test]
async fn on_fake_engines_a_silent_engine_gives_its_place_to_another_cluster() {
    let fakes = Fakes::start(&ONE_AT_A_TIME).await;
    let (silent, other) = (slow(Dialect::Es8), quick(Dialect::Os2));
    fakes.attach("silent", &silent).await;
    fakes.attach("other", &other).await;
    let watched = fakes.take("silent", "watched").await;
    silent.stop();

    let taken = fakes.take("other", "goes-on").await;

    fakes.succeeded(&taken.operation).await;
    let waiting = fakes.operation(&watched.operation).await;
    assert!(waiting["finished_at"].is_null(), "{waiting}");
}
