//! The fleet as a whole.

use crate::make::*;
use std::collections::BTreeSet;
use tintype::model::inventory::{Attempt, Inventory, RepositorySummary};
use tintype::model::observation::SnapshotSummary;
use tintype::model::{Observation, Standing, Verdict};
use tintype::store::fleet::FleetQuery;

/// A look at a cluster with one repository.
fn look(millis: i64, reachable: bool, failed: bool, good: Option<i64>) -> Observation {
    let newest = Attempt {
        good: !failed,
        end_time: Some(at(millis)),
        ..Attempt::default()
    };
    let repository = RepositorySummary {
        name: "r".into(),
        snapshots: SnapshotSummary {
            latest_successful_end_time: good.map(at),
            ..SnapshotSummary::default()
        },
        newest: Some(newest),
        ..RepositorySummary::default()
    };
    Observation {
        at: at(millis),
        reachable,
        inventory: Some(Inventory {
            repositories: vec![repository],
            ..Inventory::default()
        }),
        ..Observation::default()
    }
}

fn query(since: i64) -> FleetQuery {
    FleetQuery {
        since: at(since),
        size: 100,
        ..FleetQuery::default()
    }
}

async fn shown(store: &TheStore, query: &FleetQuery) -> Vec<(String, Verdict)> {
    let page = store.fleet(query).await.unwrap();
    let row = |one: tintype::store::fleet::FleetCluster| (one.cluster.id.to_string(), one.verdict);
    page.clusters.into_iter().map(row).collect()
}

pub async fn a_fleet_is_judged_as_the_model_judges_it(store: TheStore) {
    let mut looks = Vec::new();
    let states = [false, true];
    for (number, (reachable, failed, good)) in states
        .iter()
        .flat_map(|reachable| states.iter().map(move |failed| (*reachable, *failed)))
        .flat_map(|(reachable, failed)| [None, Some(499), Some(500)].map(|good| (reachable, failed, good)))
        .enumerate()
    {
        let id = attach(&store, &format!("c{number}")).await.id;
        let look = look(1_000, reachable, failed, good);
        store.put_observation(&id, &look).await.unwrap();
        looks.push((id, look));
    }
    let shared: BTreeSet<String> = looks.iter().step_by(2).map(|(id, _)| id.to_string()).collect();
    for shared in [BTreeSet::new(), shared] {
        let query = FleetQuery {
            shared: shared.clone(),
            ..query(500)
        };
        let page = store.fleet(&query).await.unwrap();
        assert_eq!(page.clusters.len(), looks.len());
        for one in &page.clusters {
            let standing = one.observation.as_ref().map(Standing::of);
            let expected = Standing::verdict(standing, shared.contains(one.cluster.id.as_str()), at(500));
            assert_eq!(one.verdict, expected, "{one:?}");
        }
        for verdict in Verdict::ALL {
            let here = page.clusters.iter().filter(|one| one.verdict == verdict).count();
            assert_eq!(page.counts[&verdict], here as u64, "{verdict}");
        }
    }
}

pub async fn the_worst_come_first_and_pages_and_verdicts_are_chosen(store: TheStore) {
    for (name, look) in [
        ("new", look(1_000, true, false, Some(900))),
        ("older", look(1_000, true, false, Some(100))),
        ("oldest", look(1_000, true, false, Some(50))),
        ("failing", look(1_000, true, true, Some(900))),
        ("never", look(1_000, true, false, None)),
        ("gone", look(1_000, false, false, Some(900))),
    ] {
        let id = attach(&store, name).await.id;
        store.put_observation(&id, &look).await.unwrap();
    }
    attach(&store, "unseen").await;
    let all = shown(&store, &query(500)).await;
    let ids: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(
        ids,
        ["unseen", "gone", "failing", "never", "oldest", "older", "new"]
    );
    let page = FleetQuery {
        from: 1,
        size: 2,
        only: vec![Verdict::Late, Verdict::Ok],
        ..query(500)
    };
    let ids: Vec<String> = shown(&store, &page).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["older", "new"]);
    let counts = store.fleet(&page).await.unwrap().counts;
    assert_eq!(
        (counts[&Verdict::Unreachable], counts[&Verdict::Late]),
        (2, 2),
        "of the whole fleet"
    );
}

pub async fn an_older_look_changes_no_standing_and_a_detach_forgets_it(store: TheStore) {
    let id = attach(&store, "a").await.id;
    store
        .put_observation(&id, &look(2_000, true, true, Some(900)))
        .await
        .unwrap();
    store
        .put_observation(&id, &look(1_000, true, false, Some(900)))
        .await
        .unwrap();
    assert_eq!(
        shown(&store, &query(500)).await,
        [("a".to_owned(), Verdict::Failing)]
    );
    store
        .put_observation(&id, &look(3_000, true, false, Some(900)))
        .await
        .unwrap();
    assert_eq!(shown(&store, &query(500)).await, [("a".to_owned(), Verdict::Ok)]);
    store.detach_cluster(&id).await.unwrap();
    assert!(shown(&store, &query(500)).await.is_empty());
    attach(&store, "a").await;
    assert_eq!(
        shown(&store, &query(500)).await,
        [("a".to_owned(), Verdict::Unreachable)]
    );
}
