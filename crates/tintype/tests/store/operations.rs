//! Starting operations and reading them.

use crate::make::*;
use serde_json::json;
use std::collections::BTreeMap;
use tintype::model::{OperationKind, Status};
use tintype::store::{OperationFilter, StoreError};

pub async fn a_started_operation_is_queued_and_reads_back(store: TheStore) {
    attach(&store, "a").await;
    let mut new = operation("1", "a");
    new.kind = OperationKind::RestoreSnapshot;
    new.parameters = json!({ "indices": { "a": "b" }, "n": 9_007_199_254_740_993_u64 });
    let started = start(&store, new.clone()).await;
    assert_eq!(started.status, Status::Queued);
    assert_eq!((&started.kind, &started.cluster_id), (&new.kind, &new.cluster_id));
    assert_eq!(
        (&started.parameters, &started.state),
        (&new.parameters, &new.state)
    );
    assert_eq!(
        (started.due_at, started.created_at, started.updated_at),
        (at(0), at(0), at(0))
    );
    assert_eq!(
        (started.attempts, started.cancel_requested, started.finished_at),
        (0, false, None)
    );
    assert_eq!(
        (&started.answer, &started.outcome, &started.failure),
        (&None, &None, &None)
    );
    assert_eq!(get(&store, "1").await, started);
    let events = store.events("1", 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].sequence, events[0].at, events[0].kind.as_str()),
        (1, at(0), "queued")
    );
    assert!(events[0].message.contains("admin"));
    assert!(store.operation("2").await.unwrap().is_none());
}

pub async fn only_attached_clusters_get_operations(store: TheStore) {
    let refused = store.start_operation(&naming(operation("1", "a"), "s")).await;
    assert!(matches!(refused, Err(StoreError::NotFound("cluster"))));
    assert!(store.operation("1").await.unwrap().is_none());
    attach(&store, "a").await;
    start(&store, naming(operation("2", "a"), "s")).await;
}

pub async fn a_list_is_newest_first_filtered_and_paged(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    start_all(&store, "a", &["1", "3"]).await;
    start_all(&store, "b", &["2"]).await;
    let mut register = operation("4", "b");
    register.kind = OperationKind::RegisterRepository;
    start(&store, register).await;
    let all = lease(&store, "me", 0).await;
    commit(&store, &all[0], 1, ends(Status::Succeeded)).await;

    let found = async |filter: OperationFilter| {
        let filter = OperationFilter {
            limit: filter.limit.max(1),
            ..filter
        };
        let operations = store.operations(&filter).await.unwrap();
        operations
            .into_iter()
            .map(|operation| operation.id)
            .collect::<String>()
    };
    let all = || OperationFilter {
        limit: 100,
        ..Default::default()
    };
    let (take, register) = (OperationKind::TakeSnapshot, OperationKind::RegisterRepository);
    assert_eq!(found(all()).await, "4321");
    assert_eq!(
        found(OperationFilter {
            cluster_id: Some(id("a")),
            ..all()
        })
        .await,
        "31"
    );
    assert_eq!(
        found(OperationFilter {
            kinds: vec![register],
            ..all()
        })
        .await,
        "4"
    );
    assert_eq!(
        found(OperationFilter {
            kinds: vec![register, take],
            ..all()
        })
        .await,
        "4321"
    );
    assert_eq!(
        found(OperationFilter {
            statuses: vec![Status::Succeeded],
            ..all()
        })
        .await,
        "1"
    );
    assert_eq!(
        found(OperationFilter {
            statuses: vec![Status::Queued],
            ..all()
        })
        .await,
        ""
    );
    assert_eq!(found(OperationFilter { limit: 2, ..all() }).await, "43");
    assert_eq!(
        found(OperationFilter {
            limit: 2,
            before: Some("3".into()),
            ..all()
        })
        .await,
        "21"
    );
    let both = OperationFilter {
        cluster_id: Some(id("b")),
        kinds: vec![take],
        before: Some("4".into()),
        ..all()
    };
    assert_eq!(found(both).await, "2");
}

pub async fn the_queue_position_counts_older_queued_ones(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    start_all(&store, "a", &["1", "3"]).await;
    start_all(&store, "b", &["2"]).await;
    let positions = async || {
        let found = store.queue_positions(&["1", "3", "nowhere"]).await.unwrap();
        found.into_iter().collect::<BTreeMap<_, _>>()
    };
    let place = |id: &str, ahead: u64| (id.to_owned(), ahead);
    assert_eq!(positions().await, BTreeMap::from([place("1", 0), place("3", 2)]));
    store.lease("me", &limits(1, 9), at(0), at(9)).await.unwrap();
    assert_eq!(positions().await, BTreeMap::from([place("3", 1)]), "1 runs");
}

pub async fn counts_have_every_status(store: TheStore) {
    let counts = store.operation_counts().await.unwrap();
    assert!(Status::ALL.iter().all(|status| counts[status] == 0));
    attach(&store, "a").await;
    start_all(&store, "a", &["1", "2", "3"]).await;
    let leased = store.lease("me", &limits(2, 9), at(0), at(9)).await.unwrap();
    commit(&store, &leased[0], 1, ends(Status::Cancelled)).await;
    let counts = store.operation_counts().await.unwrap();
    let found =
        [Status::Queued, Status::Running, Status::Cancelled, Status::Failed].map(|status| counts[&status]);
    assert_eq!(found, [1, 1, 1, 0]);
}

pub async fn an_id_is_used_once_and_a_failed_start_leaves_nothing(store: TheStore) {
    attach(&store, "a").await;
    start(&store, operation("1", "a")).await;
    assert!(
        store
            .start_operation(&naming(operation("1", "a"), "s"))
            .await
            .is_err()
    );
    assert_eq!(event_kinds(&store, "1").await, ["queued"]);
    assert!(
        store
            .names("a-uuid", &"main".parse().unwrap())
            .await
            .unwrap()
            .is_empty()
    );
}
