//! Who is late and who is failing, and that each is told once.

use crate::make::*;
use crate::webhooks::{deliveries, make, webhook};
use tintype::model::observation::SnapshotSummary;
use tintype::model::{Alert, Observation, WebhookEvent};
use tintype::store::StoreError;
use tintype::store::changes::ChangeFilter;

/// Seconds.
const LIMIT: i64 = 100;

fn seen(when: i64, good: Option<bool>, good_at: Option<i64>) -> Observation {
    Observation {
        at: at(when),
        reachable: true,
        snapshots: SnapshotSummary {
            latest_successful: good,
            latest_successful_end_time: good_at.map(at),
            ..SnapshotSummary::default()
        },
        ..Observation::default()
    }
}

/// What is told at this moment: by everybody who looks, and only once.
async fn told(store: &TheStore, name: &str, now: i64) -> Vec<WebhookEvent> {
    let unsettled = store.unsettled_alerts(LIMIT, at(now)).await.unwrap();
    let cluster = id(name);
    let (one, other) = tokio::join!(
        store.settle_alert(&cluster, LIMIT, at(now)),
        store.settle_alert(&cluster, LIMIT, at(now))
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(
        one.is_empty() || other.is_empty(),
        "told twice: {one:?} {other:?}"
    );
    let told = [one, other].concat();
    assert_eq!(
        unsettled.contains(&id(name)),
        !told.is_empty(),
        "{unsettled:?} {told:?}"
    );
    assert!(
        !store
            .unsettled_alerts(LIMIT, at(now))
            .await
            .unwrap()
            .contains(&id(name))
    );
    told
}

pub async fn a_cluster_that_becomes_late_and_recovers_is_told_once_each(store: TheStore) {
    attach(&store, "a").await;
    make(&store, &webhook("hook")).await;
    assert!(
        told(&store, "a", 999_999_999).await.is_empty(),
        "it was never looked at"
    );
    store
        .put_observation(&id("a"), &seen(1, Some(true), Some(1_000)))
        .await
        .unwrap();
    assert!(
        told(&store, "a", 101_000).await.is_empty(),
        "just within the limit"
    );
    assert_eq!(told(&store, "a", 101_001).await, [WebhookEvent::ClusterLate]);
    assert!(told(&store, "a", 500_000).await.is_empty());
    let alert = store.alert(&id("a")).await.unwrap().unwrap();
    let expected = Alert {
        max_age_seconds: None,
        good_at: Some(at(1_000)),
        late_since: Some(at(101_001)),
        failing_since: None,
    };
    assert_eq!(alert, expected);
    store
        .put_observation(&id("a"), &seen(2, Some(true), Some(600_000)))
        .await
        .unwrap();
    assert_eq!(told(&store, "a", 600_001).await, [WebhookEvent::ClusterRecovered]);

    let sent = deliveries(&store).await;
    let events: Vec<_> = sent.iter().map(|one| one.event.as_str()).collect();
    assert_eq!(events, ["cluster.late", "cluster.recovered"]);
    let data = &sent[0].payload["data"];
    assert_eq!(
        (&data["max_age_seconds"], &data["last_good_age_seconds"]),
        (&100.into(), &100.into())
    );
    let page = store.changes(0, &ChangeFilter::default(), 100).await.unwrap();
    let kinds: Vec<_> = page.changes.iter().map(|change| change.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "cluster.attached",
            "cluster.health",
            "cluster.late",
            "cluster.health",
            "cluster.recovered"
        ]
    );
}

pub async fn a_cluster_without_any_snapshot_is_late_by_its_attach(store: TheStore) {
    attach(&store, "a").await;
    store
        .put_observation(&id("a"), &seen(1, None, None))
        .await
        .unwrap();
    assert!(told(&store, "a", 100_000).await.is_empty());
    assert_eq!(told(&store, "a", 100_002).await, [WebhookEvent::ClusterLate]);
}

pub async fn a_cluster_may_be_failing_and_late_and_recovers_from_both(store: TheStore) {
    attach(&store, "a").await;
    store
        .put_observation(&id("a"), &seen(1, Some(false), Some(0)))
        .await
        .unwrap();
    assert_eq!(told(&store, "a", 1).await, [WebhookEvent::ClusterFailing]);
    assert_eq!(told(&store, "a", 200_000).await, [WebhookEvent::ClusterLate]);
    let alert = store.alert(&id("a")).await.unwrap().unwrap();
    assert_eq!(
        (alert.failing_since, alert.late_since),
        (Some(at(1)), Some(at(200_000)))
    );
    // No longer failing, still late: no news until it is well.
    store
        .put_observation(&id("a"), &seen(2, Some(true), Some(0)))
        .await
        .unwrap();
    assert!(
        store
            .settle_alert(&id("a"), LIMIT, at(200_001))
            .await
            .unwrap()
            .is_empty()
    );
    store
        .put_observation(&id("a"), &seen(3, Some(true), Some(200_002)))
        .await
        .unwrap();
    assert_eq!(told(&store, "a", 200_003).await, [WebhookEvent::ClusterRecovered]);
}

pub async fn a_limit_of_its_own_goes_before_the_default(store: TheStore) {
    attach(&store, "a").await;
    store
        .put_observation(&id("a"), &seen(1, Some(true), Some(0)))
        .await
        .unwrap();
    store.set_max_age(&id("a"), Some(5)).await.unwrap();
    assert_eq!(told(&store, "a", 6_000).await, [WebhookEvent::ClusterLate]);
    store.update_cluster(&cluster("a"), None).await.unwrap();
    assert_eq!(
        store.alert(&id("a")).await.unwrap().unwrap().max_age_seconds,
        Some(5)
    );
    store.set_max_age(&id("a"), None).await.unwrap();
    assert_eq!(told(&store, "a", 6_001).await, [WebhookEvent::ClusterRecovered]);
    let missing = store.set_max_age(&id("b"), None).await;
    assert!(matches!(missing, Err(StoreError::NotFound("cluster"))));
    assert_eq!(store.alert(&id("b")).await.unwrap(), None);
    assert!(
        store
            .settle_alert(&id("b"), LIMIT, at(9))
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_look_that_saw_nothing_new_is_no_change(store: TheStore) {
    attach(&store, "a").await;
    store
        .put_observation(&id("a"), &seen(1, Some(true), Some(0)))
        .await
        .unwrap();
    store
        .put_observation(&id("a"), &seen(2, Some(true), Some(0)))
        .await
        .unwrap();
    // Older than the one that is kept.
    store
        .put_observation(&id("a"), &seen(1, Some(false), None))
        .await
        .unwrap();
    assert_eq!(store.newest_change().await.unwrap(), 2);
}
