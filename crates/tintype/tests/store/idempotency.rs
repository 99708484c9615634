//! The caller's `Idempotency-Key`.

use crate::make::*;
use tintype::store::{Idempotency, NewOperation, OperationFilter, Started};

fn keyed(new: NewOperation, scope: &str, body: u8) -> NewOperation {
    let idempotency = Idempotency {
        scope: scope.into(),
        key: "k".into(),
        body_mac: [body; 32],
        expires_at: at(100),
    };
    NewOperation {
        idempotency: Some(idempotency),
        ..new
    }
}

pub async fn the_same_key_and_body_answer_the_first_operation(store: TheStore) {
    attach(&store, "a").await;
    start(&store, keyed(operation("1", "a"), "s", 1)).await;
    let leased = lease_one(&store, "me", 0).await;
    let again = store
        .start_operation(&keyed(operation("2", "a"), "s", 1))
        .await
        .unwrap();
    assert_eq!(again, Started::Replayed(leased.operation), "as it is now");
    assert!(store.operation("2").await.unwrap().is_none());
}

pub async fn the_same_key_with_another_body_is_told(store: TheStore) {
    attach(&store, "a").await;
    start(&store, keyed(operation("1", "a"), "s", 1)).await;
    let reused = store
        .start_operation(&keyed(operation("2", "a"), "s", 2))
        .await
        .unwrap();
    assert_eq!(reused, Started::KeyReused);
    assert!(store.operation("2").await.unwrap().is_none());
}

pub async fn a_key_is_looked_at_before_the_name(store: TheStore) {
    attach(&store, "a").await;
    start(&store, keyed(naming(operation("1", "a"), "n"), "s", 1)).await;
    let again = store
        .start_operation(&keyed(naming(operation("2", "a"), "n"), "s", 1))
        .await
        .unwrap();
    assert!(matches!(again, Started::Replayed(first) if first.id == "1"));
    let taken = store
        .start_operation(&keyed(naming(operation("3", "a"), "n"), "other", 1))
        .await
        .unwrap();
    assert!(matches!(taken, Started::NameTaken { .. }));
    start(&store, keyed(operation("4", "a"), "other", 2)).await;
}

pub async fn a_key_counts_in_its_scope_and_until_it_expires(store: TheStore) {
    attach(&store, "a").await;
    start(&store, keyed(operation("1", "a"), "s", 1)).await;
    start(&store, keyed(operation("2", "a"), "other", 1)).await;
    let later = |id: &str, now: i64| NewOperation {
        now: at(now),
        ..keyed(operation(id, "a"), "s", 2)
    };
    let reused = store.start_operation(&later("3", 99)).await.unwrap();
    assert_eq!(reused, Started::KeyReused, "until the last millisecond");
    start(&store, later("4", 100)).await;
}

pub async fn concurrent_starts_with_one_key_make_one_operation(store: TheStore) {
    attach(&store, "a").await;
    let tasks: Vec<_> = (0..32)
        .map(|n| {
            let (store, new) = (store.clone(), keyed(operation(&format!("{n:02}"), "a"), "s", 1));
            tokio::spawn(async move { store.start_operation(&new).await.unwrap() })
        })
        .collect();
    let (mut made, mut replayed) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Started::New(operation) => made.push(operation.id),
            Started::Replayed(operation) => replayed.push(operation.id),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((made.len(), replayed.len()), (1, 31));
    assert!(replayed.iter().all(|id| *id == made[0]));
    let all = OperationFilter {
        limit: 100,
        ..Default::default()
    };
    assert_eq!(store.operations(&all).await.unwrap().len(), 1);
}
