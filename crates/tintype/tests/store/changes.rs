//! What changed: in one order, within the writes that it tells of, and from any place.

use crate::make::*;
use std::time::Duration;
use tintype::model::webhook::Webhook;
use tintype::model::{ChangeKind, Failure, FailureKind, OperationKind, Status};
use tintype::store::changes::ChangeFilter;
use tintype::store::{Started, Step};

const ALL: u32 = 1000;

async fn kinds(store: &TheStore, after: i64) -> Vec<String> {
    let page = store.changes(after, &ChangeFilter::default(), ALL).await.unwrap();
    page.changes.into_iter().map(|change| change.kind).collect()
}

pub async fn every_write_tells_what_it_changed(store: TheStore) {
    let mut a = attach(&store, "a").await;
    a.name = "other".into();
    store.update_cluster(&a, None).await.unwrap();
    store
        .put_repository(&repository("main"), None, None)
        .await
        .unwrap();
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    let step = Step {
        events: vec![("intent", "about to".into())],
        ..Step::default()
    };
    commit(&store, &leased, 1, step).await;
    // What only renews or waits is no news.
    store.renew_leases("me", at(2000)).await.unwrap();
    commit(&store, &leased, 2, Step::default()).await;
    let failed = Step {
        failure: Some(Failure::new(FailureKind::Vanished, "gone")),
        events: vec![("failed", "gone".into())],
        ..ends(Status::Failed)
    };
    commit(&store, &leased, 3, failed).await;
    store.detach_cluster(&id("a")).await.unwrap();
    store
        .delete_repository(&"main".parse().unwrap(), false)
        .await
        .unwrap();
    assert_eq!(
        kinds(&store, 0).await,
        [
            "cluster.attached",
            "cluster.changed",
            "repository.changed",
            "operation.queued",
            "operation.running",
            "operation.event",
            "operation.failed",
            "cluster.detached",
            "repository.deleted",
        ]
    );
    let page = store.changes(5, &ChangeFilter::default(), 2).await.unwrap();
    let [event, failed] = page.changes.as_slice() else {
        panic!("{page:?}")
    };
    assert_eq!((event.sequence, failed.sequence, page.position), (6, 7, 7));
    assert_eq!(event.document["message"], "about to");
    assert_eq!(failed.document["failure"]["message"], "gone");
    assert_eq!(failed.operation_id.as_deref(), Some("1"));
    assert_eq!(failed.cluster_id, Some(id("a")));
}

pub async fn a_write_that_fails_tells_nothing(store: TheStore) {
    attach(&store, "a").await;
    assert!(store.attach_cluster(&cluster("a"), &secrets("a")).await.is_err());
    let mut stale = cluster("a");
    stale.version = 9;
    assert!(store.update_cluster(&stale, None).await.is_err());
    let missing = operation("1", "nowhere");
    assert!(store.start_operation(&missing).await.is_err());
    assert_eq!(kinds(&store, 0).await, ["cluster.attached"]);
}

pub async fn a_filter_leaves_out_and_moves_on(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    start_all(&store, "a", &["1"]).await;
    let of_b = ChangeFilter {
        cluster_id: Some(id("b")),
        ..ChangeFilter::default()
    };
    let page = store.changes(0, &of_b, ALL).await.unwrap();
    assert_eq!((page.changes.len(), page.position), (1, 3), "{page:?}");
    let queued = ChangeFilter {
        kinds: vec![ChangeKind::OperationQueued, ChangeKind::ClusterDetached],
        ..ChangeFilter::default()
    };
    let page = store.changes(0, &queued, 1).await.unwrap();
    assert_eq!((page.changes[0].sequence, page.position), (3, 3));
}

pub async fn what_was_pruned_is_told_as_a_gap(store: TheStore) {
    for name in ["a", "b", "c", "d"] {
        attach(&store, name).await;
    }
    assert_eq!(store.prune_changes(2, at(-1_000_000)).await.unwrap(), 2);
    let all = ChangeFilter::default();
    for (after, gap, left) in [
        (0, true, 2),
        (1, true, 2),
        (2, false, 2),
        (4, false, 0),
        (5, true, 0),
    ] {
        let page = store.changes(after, &all, ALL).await.unwrap();
        assert_eq!(
            (page.gap, page.changes.len()),
            (gap, left),
            "after {after}: {page:?}"
        );
        assert_eq!(page.position, 4, "after {after}");
    }
    // By age everything goes; the numbers go on all the same.
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    assert_eq!(store.prune_changes(1000, tomorrow).await.unwrap(), 2);
    assert_eq!(store.newest_change().await.unwrap(), 4);
    assert!(store.changes(3, &all, ALL).await.unwrap().gap);
    assert!(!store.changes(4, &all, ALL).await.unwrap().gap);
    attach(&store, "e").await;
    assert_eq!(store.newest_change().await.unwrap(), 5);
}

/// Readers that follow while many write: each sees every change once, in order.
pub async fn followers_miss_nothing_and_see_nothing_twice(store: TheStore) {
    const WRITES: usize = 200;
    attach(&store, "a").await;
    let begin = store.newest_change().await.unwrap();
    let followers: Vec<_> = (1..=4u32)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let (mut seen, mut after) = (Vec::new(), begin);
                let mut changed = store.watch_changes();
                while seen.len() < WRITES {
                    changed.borrow_and_update();
                    let page = store
                        .changes(after, &ChangeFilter::default(), number * 7)
                        .await
                        .unwrap();
                    assert!(!page.gap);
                    let full = page.changes.len() == number as usize * 7;
                    seen.extend(page.changes.into_iter().map(|change| change.sequence));
                    after = page.position;
                    if !full && seen.len() < WRITES {
                        changed.changed().await.unwrap();
                    }
                }
                seen
            })
        })
        .collect();
    let writers: Vec<_> = (0..WRITES)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .start_operation(&operation(&format!("{number:04}"), "a"))
                    .await
            })
        })
        .collect();
    for writer in writers {
        assert!(matches!(writer.await.unwrap().unwrap(), Started::New(_)));
    }
    let all: Vec<i64> = (begin + 1..=begin + WRITES as i64).collect();
    for follower in followers {
        let seen = tokio::time::timeout(Duration::from_secs(30), follower).await;
        assert_eq!(seen.expect("a follower missed a change").unwrap(), all);
    }
}

pub async fn of_a_delivery_only_the_end_is_told(store: TheStore) {
    let webhook = Webhook {
        id: "hook".into(),
        url: "http://127.0.0.1:9/".into(),
        events: Vec::new(),
        clusters: Vec::new(),
        enabled: true,
        disabled_because: None,
        created_at: at(0),
        updated_at: at(0),
        version: 1,
    };
    store.create_webhook(&webhook, &"whsec_x".into()).await.unwrap();
    let begun = store.start_test_delivery("hook", "admin", at(0)).await.unwrap();
    assert_eq!(begun.kind, OperationKind::DeliverWebhook);
    let leased = lease_one(&store, "me", 0).await;
    let step = Step {
        events: vec![("intent", "about to".into())],
        ..Step::default()
    };
    commit(&store, &leased, 1, step).await;
    commit(&store, &leased, 2, ends(Status::Succeeded)).await;
    assert_eq!(kinds(&store, 0).await, ["webhook.delivered"]);
}

pub async fn what_goes_along_with_a_change_is_told_too(store: TheStore) {
    attach(&store, "a").await;
    for name in ["main", "other"] {
        store.put_repository(&repository(name), None, None).await.unwrap();
    }
    let begin = store.newest_change().await.unwrap();
    let (main, other) = ("main".parse().unwrap(), "other".parse().unwrap());
    store.set_default_repository(Some(&main)).await.unwrap();
    store.set_default_repository(Some(&other)).await.unwrap();
    store.set_default_repository(None).await.unwrap();
    store.delete_repository(&main, true).await.unwrap();
    let page = store.changes(begin, &ChangeFilter::default(), ALL).await.unwrap();
    let about = |change: &tintype::model::Change| {
        let name = change.document["repository"]
            .as_str()
            .unwrap_or("none")
            .to_owned();
        (change.kind.clone(), name)
    };
    let told: Vec<_> = page.changes.iter().map(about).collect();
    let (changed, deleted) = ("repository.changed", "repository.deleted");
    let expected = [
        (changed, "main"),
        (changed, "main"),
        (changed, "other"),
        (changed, "other"),
        ("cluster.changed", "none"),
        (deleted, "main"),
    ];
    assert_eq!(
        told,
        expected.map(|(kind, name)| (kind.to_owned(), name.to_owned()))
    );
}
