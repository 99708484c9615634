//! Snapshot names: reserved, burned, freed.

use crate::make::*;
use tintype::model::Status;
use tintype::store::{NameFate, NewOperation, Started, Step};

async fn taken(store: &TheStore, new: NewOperation) -> Option<(String, bool)> {
    match store.start_operation(&new).await.unwrap() {
        Started::NameTaken { operation, burned } => Some((operation, burned)),
        Started::New(_) => None,
        other => panic!("{other:?}"),
    }
}

fn settles(fate: NameFate) -> Step {
    Step {
        name: Some(fate),
        ..Step::default()
    }
}

pub async fn sixty_four_starts_of_one_name_have_one_winner(store: TheStore) {
    attach(&store, "a").await;
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (store, new) = (store.clone(), naming(operation(&format!("{n:02}"), "a"), "s"));
            tokio::spawn(async move { store.start_operation(&new).await.unwrap() })
        })
        .collect();
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Started::New(operation) => winners.push(operation.id),
            Started::NameTaken {
                operation,
                burned: false,
            } => losers.push(operation),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((winners.len(), losers.len()), (1, 63));
    assert!(losers.iter().all(|holder| *holder == winners[0]));
}

pub async fn a_name_is_taken_within_its_engine_and_repository(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    assert_eq!(
        taken(&store, naming(operation("2", "a"), "s")).await,
        Some(("1".into(), false))
    );
    assert_eq!(taken(&store, naming(operation("3", "a"), "t")).await, None);
    assert_eq!(taken(&store, naming(operation("4", "b"), "s")).await, None);
    let mut elsewhere = naming(operation("5", "a"), "s");
    elsewhere.reserve.as_mut().unwrap().repository = "other".parse().unwrap();
    assert_eq!(taken(&store, elsewhere).await, None);
}

pub async fn a_freed_name_is_free(store: TheStore) {
    attach(&store, "a").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(
        &store,
        &leased,
        1,
        Step {
            name: Some(NameFate::Free),
            ..ends(Status::Failed)
        },
    )
    .await;
    assert_eq!(taken(&store, naming(operation("2", "a"), "s")).await, None);
}

pub async fn a_burned_name_stays_burned(store: TheStore) {
    attach(&store, "a").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(&store, &leased, 1, settles(NameFate::Burned)).await;
    commit(&store, &leased, 2, settles(NameFate::Free)).await;
    assert_eq!(
        taken(&store, naming(operation("2", "a"), "s")).await,
        Some(("1".into(), false))
    );
    commit(
        &store,
        &leased,
        3,
        Step {
            name: Some(NameFate::Free),
            ..ends(Status::Failed)
        },
    )
    .await;
    assert_eq!(
        taken(&store, naming(operation("3", "a"), "s")).await,
        Some(("1".into(), true))
    );
}

pub async fn an_operation_that_ends_without_a_word_burns_its_name(store: TheStore) {
    attach(&store, "a").await;
    for (n, status) in [
        (1, Status::Succeeded),
        (2, Status::Failed),
        (3, Status::Cancelled),
    ] {
        let name = format!("s{n}");
        start(&store, naming(operation(&n.to_string(), "a"), &name)).await;
        let leased = lease_one(&store, "me", 0).await;
        commit(&store, &leased, 1, ends(status)).await;
        let holder = taken(&store, naming(operation("9", "a"), &name)).await;
        assert_eq!(holder, Some((n.to_string(), true)), "{status:?}");
    }
}

pub async fn names_outlive_a_detach(store: TheStore) {
    attach(&store, "a").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    let leased = lease_one(&store, "me", 0).await;
    commit(&store, &leased, 1, ends(Status::Succeeded)).await;
    store.detach_cluster(&id("a")).await.unwrap();

    let mut again = cluster("b");
    again.uuid = "a-uuid".into();
    store.attach_cluster(&again, &secrets("b")).await.unwrap();
    let mut new = operation("2", "b");
    new.reserve = Some(name_key("a", "s"));
    assert_eq!(taken(&store, new).await, Some(("1".into(), true)));
}

pub async fn names_are_listed_by_repository(store: TheStore) {
    attach(&store, "a").await;
    attach(&store, "b").await;
    start(&store, naming(operation("1", "a"), "s")).await;
    start(&store, naming(operation("2", "a"), "t")).await;
    start(&store, naming(operation("3", "b"), "u")).await;
    let mut names: Vec<_> = store
        .names("a-uuid", &"main".parse().unwrap())
        .await
        .unwrap()
        .into_iter()
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            ("s".parse().unwrap(), "1".into()),
            ("t".parse().unwrap(), "2".into())
        ]
    );
    assert!(
        store
            .names("a-uuid", &"other".parse().unwrap())
            .await
            .unwrap()
            .is_empty()
    );
}
