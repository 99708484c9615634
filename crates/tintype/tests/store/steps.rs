//! Committing steps, and asking an operation to stop.

use crate::make::*;
use serde_json::json;
use tintype::model::{Answer, Failure, FailureKind, Status};
use tintype::store::{NameFate, Step, StoreError};

fn failure() -> Failure {
    Failure::new(FailureKind::Vanished, "it is gone")
}

fn everything() -> Step {
    Step {
        state: Some(json!({ "version": 1, "step": "watching" })),
        status: Some(Status::Failed),
        answer: Some(Answer::Refused(failure())),
        outcome: Some(json!({ "good": false })),
        failure: Some(failure()),
        wait_until: Some(at(500)),
        attempts: Some(7),
        events: vec![("one", "first".into()), ("two", "second".into())],
        name: Some(NameFate::Free),
    }
}

pub async fn a_step_changes_what_it_names_and_nothing_else(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    assert!(commit(&store, &leased, 5, Step::default()).await);
    let mut expected = leased.operation.clone();
    expected.updated_at = at(5);
    assert_eq!(get(&store, "1").await, expected);

    let state = json!({ "version": 1, "step": "creating" });
    let step = Step {
        state: Some(state.clone()),
        attempts: Some(3),
        events: vec![("intent", "x".into())],
        ..Step::default()
    };
    assert!(commit(&store, &leased, 6, step).await);
    (expected.state, expected.attempts, expected.updated_at) = (state, 3, at(6));
    assert_eq!(get(&store, "1").await, expected);
    assert_eq!(event_kinds(&store, "1").await, ["queued", "running", "intent"]);
    assert!(lease(&store, "you", 7).await.is_empty(), "the lease is kept");
    assert!(
        commit(
            &store,
            &leased,
            8,
            Step {
                attempts: Some(0),
                ..Step::default()
            }
        )
        .await
    );
    assert_eq!(get(&store, "1").await.attempts, 0);
}

pub async fn the_first_answer_wins(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(
        &store,
        &leased,
        1,
        Step {
            answer: Some(Answer::Accepted),
            ..Step::default()
        },
    )
    .await;
    commit(
        &store,
        &leased,
        2,
        Step {
            answer: Some(Answer::Refused(failure())),
            ..Step::default()
        },
    )
    .await;
    assert_eq!(get(&store, "1").await.answer, Some(Answer::Accepted));
}

pub async fn a_stale_token_changes_nothing(store: TheStore) {
    attach(&store, "a").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    let stale = lease_one(&store, "me", 0).await;
    let fresh = lease_one(&store, "you", 1000).await;
    assert!(!commit(&store, &stale, 1001, everything()).await);
    assert_eq!(get(&store, "1").await, fresh.operation);
    assert_eq!(event_kinds(&store, "1").await, ["queued", "running"]);
    assert_eq!(
        store
            .names("a-uuid", &"main".parse().unwrap())
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(commit(&store, &fresh, 1002, everything()).await);
    assert!(
        !commit(&store, &fresh, 1003, Step::default()).await,
        "it has ended"
    );
    let unknown = store
        .commit_step("nowhere", 1, &everything(), at(0))
        .await
        .unwrap();
    assert!(!unknown);
}

pub async fn an_expired_lease_that_nobody_took_is_still_ours(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    assert!(
        commit(
            &store,
            &leased,
            5000,
            Step {
                attempts: Some(1),
                ..Step::default()
            }
        )
        .await
    );
    assert_eq!(get(&store, "1").await.attempts, 1);
}

pub async fn a_wait_gives_the_lease_back(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    assert!(commit(&store, &leased, 1, waits(50)).await);
    let waiting = get(&store, "1").await;
    assert_eq!((waiting.status, waiting.due_at), (Status::Running, at(50)));
    assert!(
        !commit(&store, &leased, 2, everything()).await,
        "the lease was given back"
    );
    assert!(lease(&store, "me", 49).await.is_empty());
    let again = lease_one(&store, "me", 50).await;
    assert!(again.token > leased.token);
}

pub async fn a_terminal_step_ends_the_operation(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    assert!(commit(&store, &leased, 9, everything()).await);
    let ended = get(&store, "1").await;
    assert_eq!(
        (ended.status, ended.finished_at, ended.updated_at),
        (Status::Failed, Some(at(9)), at(9))
    );
    assert_eq!(
        (ended.failure, ended.outcome),
        (Some(failure()), Some(json!({ "good": false })))
    );
    assert_eq!(
        (ended.answer, ended.attempts),
        (Some(Answer::Refused(failure())), 7)
    );
    assert!(lease(&store, "me", 9999).await.is_empty());
    assert_eq!(
        store.take_over().await.unwrap(),
        0,
        "an ended operation has no lease"
    );
}

pub async fn a_step_back_to_the_queue_gives_the_place_back(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["2"]).await;
    let leased = lease_one(&store, "me", 0).await;
    let step = Step {
        status: Some(Status::Queued),
        wait_until: Some(at(50)),
        ..Step::default()
    };
    assert!(commit(&store, &leased, 1, step).await);
    start_all(&store, "a", &["3"]).await;
    assert_eq!(
        ids(&store.lease("me", &limits(9, 1), at(2), at(100)).await.unwrap()),
        ["3"]
    );
    assert_eq!(ids(&lease(&store, "me", 50).await), ["2"]);
}

pub async fn events_are_numbered_and_paged(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1", "2"]).await;
    let leased = lease(&store, "me", 0).await;
    for n in 0..3 {
        let events = vec![("even", format!("{n}")), ("odd", format!("{n}"))];
        commit(
            &store,
            &leased[0],
            n,
            Step {
                events,
                ..Step::default()
            },
        )
        .await;
    }
    let sequences = async |after, limit| {
        let events = store.events("1", after, limit).await.unwrap();
        events.into_iter().map(|event| event.sequence).collect::<Vec<_>>()
    };
    assert_eq!(sequences(0, 100).await, (1..=8).collect::<Vec<_>>());
    assert_eq!(sequences(3, 2).await, [4, 5]);
    assert!(sequences(8, 2).await.is_empty());
    let last = store.events("1", 7, 1).await.unwrap().remove(0);
    assert_eq!(
        (last.at, last.kind.as_str(), last.message.as_str()),
        (at(2), "odd", "2")
    );
    assert_eq!(event_kinds(&store, "2").await.len(), 2);
}

pub async fn a_cancel_is_marked_once_and_wakes(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(&store, &leased, 1, waits(5000)).await;
    assert!(store.request_cancel("1", at(20)).await.unwrap());
    assert!(store.request_cancel("1", at(30)).await.unwrap());
    let marked = get(&store, "1").await;
    assert_eq!((marked.cancel_requested, marked.due_at), (true, at(20)));
    assert_eq!(
        event_kinds(&store, "1").await,
        ["queued", "running", "cancel_requested"]
    );
    assert!(lease_one(&store, "me", 20).await.operation.cancel_requested);
}

pub async fn a_cancel_that_its_owner_has_not_seen_is_not_made_to_wait(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let unaware = lease_one(&store, "me", 0).await;
    store.request_cancel("1", at(10)).await.unwrap();
    commit(&store, &unaware, 20, waits(5000)).await;
    let aware = lease_one(&store, "me", 20).await;
    assert!(aware.operation.cancel_requested);
    commit(&store, &aware, 21, waits(5000)).await;
    assert_eq!(
        get(&store, "1").await.due_at,
        at(5000),
        "its owner knows and decides"
    );
}

pub async fn what_has_ended_is_not_cancelled(store: TheStore) {
    attach(&store, "a").await;
    start_all(&store, "a", &["1"]).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(&store, &leased, 1, ends(Status::Succeeded)).await;
    let before = get(&store, "1").await;
    assert!(!store.request_cancel("1", at(2)).await.unwrap());
    assert_eq!(get(&store, "1").await, before);
    assert!(matches!(
        store.request_cancel("nowhere", at(2)).await,
        Err(StoreError::NotFound("operation"))
    ));
}
