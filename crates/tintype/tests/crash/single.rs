//! Killed once, at every point, over a real OpenSearch 2.19.0.

use std::sync::Arc;

use crate::{
    bench::Bench,
    points::{carry_out, learn},
    run::Plan,
    scenario::Scenario,
};

async fn killed_at_every_point(scenario: Scenario, kinds: &[&str]) {
    let bench = Arc::new(Bench::real().await);
    let points = learn(&bench, scenario).await;
    for kind in kinds {
        for when in ["before", "after"] {
            let point = format!("{kind}.{when}");
            assert!(points.contains(&point), "{point} was never passed: {points:?}");
        }
    }
    eprintln!("{scenario:?}: {} points", points.len());
    let plans = points.iter().map(|point| Plan {
        expected_status: true,
        ..Plan::killed(&[point])
    });
    carry_out(&bench, scenario, plans.collect()).await.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_that_registers_its_repository_first() {
    let kinds = [
        "take_snapshot.start.commit",
        "take_snapshot.registering.commit",
        "take_snapshot.create_repository.call",
        "take_snapshot.registered.commit",
        "take_snapshot.verify_repository.call",
        "take_snapshot.verified.commit",
        "take_snapshot.intent.commit",
        "take_snapshot.create_snapshot.call",
        "take_snapshot.accepted.commit",
        "take_snapshot.end.commit",
    ];
    killed_at_every_point(Scenario::Take, &kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_that_is_cancelled() {
    let kinds = [
        "take_snapshot.create_snapshot.call",
        "take_snapshot.cancel_intent.commit",
        "take_snapshot.look_unfinished.call",
        "take_snapshot.delete_snapshot.call",
        "take_snapshot.end.commit",
    ];
    killed_at_every_point(Scenario::Cancel, &kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_that_the_engine_refuses() {
    let kinds = ["take_snapshot.create_snapshot.call", "take_snapshot.end.commit"];
    killed_at_every_point(Scenario::Refused, &kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration() {
    let kinds = [
        "register_repository.start.commit",
        "register_repository.intent.commit",
        "register_repository.create_repository.call",
        "register_repository.registered.commit",
        "register_repository.verify_repository.call",
        "register_repository.end.commit",
    ];
    killed_at_every_point(Scenario::Register, &kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore() {
    let kinds = [
        "restore_snapshot.start.commit",
        "restore_snapshot.intent.commit",
        "restore_snapshot.restore_snapshot.call",
        "restore_snapshot.accepted.commit",
        "restore_snapshot.end.commit",
    ];
    killed_at_every_point(Scenario::Restore, &kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete() {
    let kinds = [
        "delete_snapshot.look_repository.call",
        "delete_snapshot.look_snapshot.call",
        "delete_snapshot.look_uses.call",
        "delete_snapshot.intent.commit",
        "delete_snapshot.delete_snapshot.call",
        "delete_snapshot.look_deleted.call",
        "delete_snapshot.look_gone.call",
        "delete_snapshot.end.commit",
    ];
    killed_at_every_point(Scenario::Delete, &kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification() {
    let kinds = [
        "verify_repository.start.commit",
        "verify_repository.intent.commit",
        "verify_repository.verify.call",
        "verify_repository.end.commit",
    ];
    killed_at_every_point(Scenario::Verify, &kinds).await;
}
