//! Who works on what.

use crate::make::*;
use std::collections::HashSet;
use tintype::model::{OperationKind, Status};
use tintype::store::{NewOperation, Started, Step};

pub async fn due_operations_are_leased_oldest_first(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["2", "1"]).await;
    start(
        &store,
        NewOperation {
            now: at(50),
            ..operation("0", "a")
        },
    )
    .await;
    let leased = lease(&store, "me", 49).await;
    assert_eq!(ids(&leased), ["1", "2"], "what is due later waits");
    assert!(
        leased
            .iter()
            .all(|leased| leased.operation.status == Status::Running)
    );
    assert_eq!(event_kinds(&store, "1").await, ["queued", "running"]);
    assert_eq!(get(&store, "1").await, leased[0].operation);
    assert_eq!(leased[0].operation.updated_at, at(49));
    assert_eq!(ids(&lease(&store, "me", 50).await), ["0"]);
}

pub async fn what_is_started_is_leased_in_the_same_commit_within_the_limits(store: TheStore) {
    attach(&store, "a").await;
    let limits = limits(9, 1);
    let start = async |id: &str, name: &str| {
        let new = naming(operation(id, "a"), name);
        store.start_leased(&new, "me", &limits, at(1000)).await.unwrap()
    };
    let (started, leased) = start("1", "x").await;
    assert!(matches!(started, Started::New(_)));
    assert_eq!(ids(&leased), ["1"]);
    assert_eq!(event_kinds(&store, "1").await, ["queued", "running"]);
    let (_, second) = start("2", "y").await;
    assert!(second.is_empty(), "the cluster has no place");
    assert_eq!(get(&store, "2").await.status, Status::Queued);
    assert!(commit(&store, &leased[0], 5, ends(Status::Succeeded)).await);
    let (started, leased) = start("3", "x").await;
    assert!(matches!(started, Started::NameTaken { burned: true, .. }));
    assert!(leased.is_empty(), "what was not started leases nothing");
}

pub async fn what_is_leased_is_not_leased_again(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    lease_one(&store, "me", 0).await;
    assert!(lease(&store, "you", 0).await.is_empty());
    assert!(lease(&store, "me", 999).await.is_empty());
}

pub async fn an_expired_lease_goes_to_another_with_a_greater_token(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let first = lease_one(&store, "me", 0).await;
    let second = lease_one(&store, "you", 1000).await;
    let third = lease_one(&store, "me", 2000).await;
    assert!(first.token < second.token && second.token < third.token);
    assert_eq!(
        event_kinds(&store, "1").await,
        ["queued", "running"],
        "it began once"
    );
}

pub async fn no_more_than_overall_are_leased(store: TheStore) {
    for name in ["a", "b", "c"] {
        attach(&store, name).await;
    }
    for (operation, cluster) in [("1", "a"), ("2", "b"), ("3", "c"), ("4", "a")] {
        start_all(&store, cluster, &[operation]).await;
    }
    let limit = limits(2, 9);
    let first = store.lease("me", &limit, at(0), at(100)).await.unwrap();
    assert_eq!(ids(&first), ["1", "2"]);
    assert!(
        store
            .lease("you", &limit, at(1), at(100))
            .await
            .unwrap()
            .is_empty()
    );
    commit(&store, &first[0], 2, waits(500)).await;
    let next = store.lease("you", &limit, at(3), at(100)).await.unwrap();
    assert_eq!(ids(&next), ["3"], "one that waits is not leased");
    let expired = store.lease("you", &limit, at(200), at(300)).await.unwrap();
    assert_eq!(ids(&expired), ["2", "3"], "leases that ran out do not count");
}

pub async fn no_more_than_its_limit_run_on_a_cluster(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    attach(&store, "c").await;
    let kinds = [
        OperationKind::TakeSnapshot,
        OperationKind::RestoreSnapshot,
        OperationKind::RegisterRepository,
    ];
    for (n, kind) in kinds.into_iter().enumerate() {
        for cluster in ["a", "b", "c"] {
            start(
                &store,
                NewOperation {
                    kind,
                    ..operation(&format!("{cluster}{n}"), cluster)
                },
            )
            .await;
        }
    }
    let mut limit = limits(99, 2);
    limit.exceptions.insert(id("b"), 1);
    limit.exceptions.insert(id("c"), 3);
    let leased = store.lease("me", &limit, at(0), at(100)).await.unwrap();
    assert_eq!(ids(&leased), ["a0", "a1", "b0", "c0", "c1", "c2"]);
    assert!(
        store
            .lease("me", &limit, at(0), at(100))
            .await
            .unwrap()
            .is_empty()
    );
    commit(&store, &leased[1], 1, ends(Status::Failed)).await;
    commit(&store, &leased[2], 1, ends(Status::Succeeded)).await;
    assert_eq!(
        ids(&store.lease("me", &limit, at(2), at(100)).await.unwrap()),
        ["a2", "b1"]
    );
}

pub async fn an_operation_that_waits_keeps_its_place_and_comes_first(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["5"]).await;
    let waiting = lease_one(&store, "me", 0).await;
    commit(&store, &waiting, 1, waits(100)).await;
    start_all(&store, "a", &["1"]).await;
    assert!(
        store
            .lease("me", &limits(9, 1), at(50), at(200))
            .await
            .unwrap()
            .is_empty(),
        "the place is kept"
    );
    let next = store.lease("me", &limits(1, 9), at(100), at(200)).await.unwrap();
    assert_eq!(ids(&next), ["5"], "before an older one that is queued");
    assert_eq!(get(&store, "1").await.status, Status::Queued);
    commit(&store, &next[0], 101, ends(Status::Succeeded)).await;
    assert_eq!(
        ids(&store.lease("me", &limits(9, 1), at(102), at(200)).await.unwrap()),
        ["1"]
    );
}

pub async fn a_queued_operation_that_was_cancelled_needs_no_place(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1", "2", "3"]).await;
    let limit = limits(9, 1);
    assert_eq!(
        ids(&store.lease("me", &limit, at(0), at(100)).await.unwrap()),
        ["1"]
    );
    assert!(store.request_cancel("3", at(1)).await.unwrap());
    let leased = store.lease("me", &limit, at(1), at(100)).await.unwrap();
    assert_eq!(ids(&leased), ["3"]);
    assert!(leased[0].operation.cancel_requested);
}

pub async fn sixteen_owners_never_share_an_operation(store: TheStore) {
    attach(&store, "a").await;
    let all: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    for id in &all {
        start(&store, operation(id, "a")).await;
    }
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let store = store.clone();
            let owner = format!("owner-{n}");
            tokio::spawn(async move {
                let limit = limits(1000, 5 * (n + 1));
                let leased = store.lease(&owner, &limit, at(0), at(1000)).await.unwrap();
                leased
                    .into_iter()
                    .map(|leased| leased.operation.id)
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut seen = HashSet::new();
    for task in tasks {
        for id in task.await.unwrap() {
            assert!(seen.insert(id.clone()), "{id} was leased twice");
        }
    }
    assert_eq!(seen.len(), 40);
}

pub async fn renewal_extends_what_is_held_and_nothing_else(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1", "2", "3"]).await;
    let mine = store.lease("me", &limits(2, 9), at(0), at(100)).await.unwrap();
    store.lease("you", &limits(9, 9), at(0), at(100)).await.unwrap();
    commit(&store, &mine[1], 1, waits(50)).await;
    store.renew_leases("me", at(1000)).await.unwrap();
    store.renew_leases("me", at(10)).await.unwrap();
    assert_eq!(
        ids(&lease(&store, "x", 999).await),
        ["2", "3"],
        "one waited, one is another's"
    );
    assert_eq!(
        ids(&lease(&store, "x", 1000).await),
        ["1"],
        "a renewal never shortens"
    );
}

pub async fn a_stop_gives_leases_back(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1", "2"]).await;
    let mine = store.lease("me", &limits(1, 9), at(0), at(100)).await.unwrap();
    store.lease("you", &limits(9, 9), at(0), at(100)).await.unwrap();
    store.release_leases("me").await.unwrap();
    assert!(
        !commit(&store, &mine[0], 1, Step::default()).await,
        "what was given back is not ours"
    );
    assert_eq!(ids(&lease(&store, "x", 1).await), ["1"]);
}

pub async fn a_take_over_frees_every_lease(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1", "2", "3"]).await;
    let before = store.lease("me", &limits(2, 9), at(0), at(100)).await.unwrap();
    assert_eq!(store.take_over().await.unwrap(), 2);
    assert_eq!(store.take_over().await.unwrap(), 0);
    assert!(!commit(&store, &before[0], 1, Step::default()).await);
    let after = lease(&store, "me", 1).await;
    assert_eq!(ids(&after), ["1", "2", "3"]);
    assert!(
        after[0].token > before[0].token,
        "a lease of the same owner is another one"
    );
    assert!(!commit(&store, &before[0], 2, Step::default()).await);
}

pub async fn next_due_is_the_earliest_unleased(store: TheStore) {
    assert_eq!(store.next_due().await.unwrap(), None);
    attach(&store, "a").await;
    start(&store, operation("1", "a")).await;
    let one = lease_one(&store, "me", 0).await;
    start(
        &store,
        NewOperation {
            now: at(70),
            ..operation("2", "a")
        },
    )
    .await;
    assert_eq!(
        store.next_due().await.unwrap(),
        Some(at(70)),
        "the first is leased"
    );
    commit(&store, &one, 1, waits(60)).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(60)));
    for leased in lease(&store, "me", 70).await {
        commit(&store, &leased, 71, ends(Status::Failed)).await;
    }
    assert_eq!(store.next_due().await.unwrap(), None);
}
