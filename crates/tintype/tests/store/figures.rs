//! The figures for a monitoring system.

use crate::make::*;
use tintype::model::observation::SnapshotSummary;
use tintype::model::{Observation, OperationKind, Status};
use tintype::store::Step;
use tintype::store::figures::{FleetFigures, Verdicts};

const HOUR: i64 = 3_600_000;

async fn see(store: &TheStore, name: &str, reachable: bool, good: bool, good_at: Option<i64>) {
    let observation = Observation {
        at: at(1),
        reachable,
        snapshots: SnapshotSummary {
            latest_successful: Some(good),
            latest_successful_end_time: good_at.map(at),
            ..SnapshotSummary::default()
        },
        ..Observation::default()
    };
    store.put_observation(&id(name), &observation).await.unwrap();
}

fn count(figures: &FleetFigures, kind: OperationKind, status: Status) -> u64 {
    let found = figures
        .operations
        .iter()
        .find(|one| (one.0, one.1) == (kind, status));
    found.map_or(0, |one| one.2)
}

pub async fn clusters_are_counted_once_each(store: TheStore) {
    for name in ["new", "away", "late", "bad", "good"] {
        attach(&store, name).await;
    }
    let now = 100 * HOUR;
    see(&store, "away", false, true, Some(now - HOUR / 2)).await;
    see(&store, "late", true, false, Some(now - 30 * HOUR)).await;
    see(&store, "bad", true, false, Some(now - 2 * HOUR)).await;
    see(&store, "good", true, true, Some(now)).await;
    for cluster in store.unsettled_alerts(86_400, at(now)).await.unwrap() {
        store.settle_alert(&cluster, 86_400, at(now)).await.unwrap();
    }
    let figures = store.figures(5, at(now)).await.unwrap();
    let once = Verdicts {
        unknown: 1,
        unreachable: 1,
        late: 1,
        failing: 1,
        good: 1,
    };
    assert_eq!(figures.verdicts, once);
    assert_eq!(figures.good_within, [2, 3, 3, 4, 4, 4]);
    assert_eq!(figures.oldest_good, Some(at(now - 30 * HOUR)));
    let names: Vec<_> = figures.clusters.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(names, ["away", "bad", "good", "late"]);
    let late = &figures.clusters[3];
    assert_eq!((late.late, late.failing, late.reachable), (true, true, true));

    let beyond = store.figures(4, at(now)).await.unwrap();
    assert!(
        beyond.clusters.is_empty(),
        "more clusters than are told one by one"
    );
    assert_eq!(beyond.verdicts, once);
}

pub async fn operations_are_counted_as_they_go(store: TheStore) {
    attach(&store, "a").await;
    let empty = store.figures(0, at(0)).await.unwrap();
    assert_eq!(
        (empty.queued, empty.queued_since, empty.oldest_good),
        (0, None, None)
    );
    start_all(&store, "a", &["1", "2", "3"]).await;
    let take = OperationKind::TakeSnapshot;
    let figures = store.figures(0, at(5)).await.unwrap();
    assert_eq!((figures.queued, figures.queued_since), (3, Some(at(0))));
    let leased = store.lease("me", &limits(2, 9), at(1), at(9)).await.unwrap();
    commit(&store, &leased[0], 2, ends(Status::Succeeded)).await;
    let back = Step {
        status: Some(Status::Queued),
        ..Step::default()
    };
    commit(&store, &leased[1], 2, back).await;
    let figures = store.figures(0, at(5)).await.unwrap();
    let counts = [Status::Queued, Status::Running, Status::Succeeded].map(|s| count(&figures, take, s));
    assert_eq!(counts, [2, 0, 1]);
    assert_eq!(store.operation_counts().await.unwrap()[&Status::Queued], 2);
    assert!(figures.commits > 0 && figures.writes >= figures.commits);
    assert_eq!(figures.changes, store.newest_change().await.unwrap());
}
