//! Killed at every point, and again at every point of the recovery.
//!
//! Over the fake engine: on the real one the runs would take half an hour. Two recoveries that begin alike and go the
//! same way from some point on are in the same state there, so each such way is killed once at each of its points.

use std::{collections::HashSet, sync::Arc};

use tintype_testkit::fake::{Dialect, Progress};

use crate::{
    bench::Bench,
    points::{carry_out, learn},
    run::Plan,
    scenario::Scenario,
};

fn bench(scenario: Scenario, dialect: Dialect) -> Arc<Bench> {
    let progress = match scenario {
        Scenario::Cancel => Progress::OnCommand,
        _ => Progress::Looks(3),
    };
    Arc::new(Bench::fake(dialect, progress))
}

/// The first crash, then for each different way of recovering a second crash at each of its points.
fn second_crashes(recoveries: &[(Plan, Vec<String>)]) -> Vec<Plan> {
    let mut seen = HashSet::new();
    let mut plans = Vec::new();
    for (first, path) in recoveries {
        for (at, point) in path.iter().enumerate() {
            if seen.insert((&path[0], &path[at..])) {
                let mut plan = first.clone();
                plan.kills.push(point.clone());
                // The intent that both crashes follow may have been sent twice: then it is not sent a third time.
                plan.expected_status = false;
                plans.push(plan);
            }
        }
    }
    plans
}

async fn killed_twice(scenario: Scenario, dialect: Dialect) {
    let bench = bench(scenario, dialect);
    let points = learn(&bench, scenario).await;
    let plans = points.iter().map(|point| Plan {
        expected_status: true,
        ..Plan::killed(&[point])
    });
    let once = carry_out(&bench, scenario, plans.collect()).await;
    once.assert_clean();
    let twice = second_crashes(&once.recoveries);
    assert!(
        twice.len() >= points.len() / 2,
        "only {} second crashes",
        twice.len()
    );
    carry_out(&bench, scenario, twice).await.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_that_registers_its_repository_first() {
    killed_twice(Scenario::Take, Dialect::Os2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_that_is_cancelled() {
    killed_twice(Scenario::Cancel, Dialect::Os2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration() {
    killed_twice(Scenario::Register, Dialect::Es8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore() {
    killed_twice(Scenario::Restore, Dialect::Es8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete() {
    killed_twice(Scenario::Delete, Dialect::Os2).await;
}
