//! Searches for clusters.

use crate::make::*;
use std::ops::Bound;
use tintype::model::Observation;
use tintype::model::search::{ClusterSearch, Field, Query, Sort, VersionOrder};

fn search(query: Query) -> ClusterSearch {
    ClusterSearch {
        query,
        sort: vec![],
        from: 0,
        size: 10,
    }
}

async fn found(store: &TheStore, search: &ClusterSearch) -> (Vec<String>, u64) {
    let (clusters, total) = store.search_clusters(search).await.unwrap();
    (
        clusters.iter().map(|cluster| cluster.id.to_string()).collect(),
        total,
    )
}

/// Attached in an order that is none of those asked for.
async fn versions(store: &TheStore) {
    for (id, version) in [("c", "7.9.3"), ("a", "7.10.2"), ("d", "8.17.0"), ("b", "7.9.3")] {
        let mut cluster = cluster(id);
        cluster.engine_version = version.to_owned();
        store.attach_cluster(&cluster, &secrets(id)).await.unwrap();
    }
}

pub async fn a_search_returns_whole_clusters_by_id(store: TheStore) {
    let full = attach(&store, "b").await;
    attach(&store, "a").await;
    let term = Query::Term(Field::Name, "b-name".to_owned());
    assert_eq!(
        store.search_clusters(&search(term)).await.unwrap(),
        (vec![full], 1)
    );
    let (all, none) = (search(Query::All), search(Query::None));
    assert_eq!(
        found(&store, &all).await,
        (vec!["a".to_owned(), "b".to_owned()], 2)
    );
    assert_eq!(found(&store, &none).await, (vec![], 0));
}

pub async fn a_page_is_in_the_order_asked_for_and_the_total_is_of_all(store: TheStore) {
    versions(&store).await;
    let by_version = |descending, from, size| ClusterSearch {
        sort: vec![Sort {
            field: Field::Version,
            descending,
        }],
        from,
        size,
        ..search(Query::All)
    };
    for (asked, expected) in [
        (by_version(false, 0, 10), "bcad"),
        (by_version(true, 0, 10), "dabc"),
        (by_version(false, 1, 2), "ca"),
        (by_version(false, 4, 2), ""),
        (by_version(false, 0, 0), ""),
    ] {
        let (ids, total) = found(&store, &asked).await;
        assert_eq!((ids.concat().as_str(), total), (expected, 4), "{asked:?}");
    }
}

pub async fn a_range_of_versions_is_by_their_numbers(store: TheStore) {
    versions(&store).await;
    let version = |text| VersionOrder::parse(text).unwrap();
    let range = (Bound::Excluded(version("7.9.3")), Bound::Excluded(version("8")));
    let asked = search(Query::VersionRange(range));
    assert_eq!(found(&store, &asked).await, (vec!["a".to_owned()], 1));
}

pub async fn a_status_is_that_of_the_last_look(store: TheStore) {
    for (name, reachable) in [("a", None), ("b", Some(true)), ("c", Some(false))] {
        let cluster = attach(&store, name).await;
        if let Some(reachable) = reachable {
            let look = Observation {
                at: at(1),
                reachable,
                ..Observation::default()
            };
            store.put_observation(&cluster.id, &look).await.unwrap();
        }
    }
    for (status, expected) in [("initializing", "a"), ("started", "b"), ("stopped", "c")] {
        let term = Query::Term(Field::Status, status.to_owned());
        let combined = Query::Bool {
            must: vec![],
            must_not: vec![],
            should: vec![term],
            required: 1,
        };
        assert_eq!(
            found(&store, &search(combined)).await,
            (vec![expected.to_owned()], 1)
        );
    }
    let mut sorted = search(Query::All);
    sorted.sort = vec![Sort {
        field: Field::Status,
        descending: true,
    }];
    assert_eq!(found(&store, &sorted).await.0.concat(), "cba");
}
