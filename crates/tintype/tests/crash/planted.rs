//! The test of the tests: with a bug planted, the checker must find it.

use std::sync::Arc;

use tintype_testkit::fake::{Dialect, Progress};

use crate::{
    bench::Bench,
    points::{carry_out, learn},
    run::Plan,
    scenario::Scenario,
};

async fn violations_with(bug: &str) -> Vec<String> {
    let bench = Arc::new(Bench::fake(Dialect::Os2, Progress::Looks(3)));
    let points = learn(&bench, Scenario::Take).await;
    let around = |point: &&String| {
        ["create_snapshot.call", "accepted.commit"]
            .iter()
            .any(|at| point.contains(at))
    };
    let plans = points.iter().filter(around).map(|point| Plan {
        env: vec![("TINTYPE_PLANTED_BUG", bug.to_owned())],
        ..Plan::killed(&[point])
    });
    carry_out(&bench, Scenario::Take, plans.collect())
        .await
        .violations
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_sent_before_its_intent_is_durable_is_found() {
    let found = violations_with("no_intent").await;
    assert!(
        found
            .iter()
            .any(|violation| violation.contains("failed, and there is the snapshot")),
        "{found:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_sent_again_without_looking_is_found() {
    let found = violations_with("blind_retry").await;
    assert!(
        found
            .iter()
            .any(|violation| violation.contains("more than one snapshot")),
        "{found:#?}"
    );
}

/// Killed at every point of a delete, and before each recovery somebody else's snapshot gets the name.
async fn violations_of_replaced_deletes(env: &[(&'static str, String)]) -> Vec<String> {
    let bench = Arc::new(Bench::fake(Dialect::Os2, Progress::Looks(3)));
    let points = learn(&bench, Scenario::Delete).await;
    // The last points lie behind the end: the operation has succeeded, and what comes after is not its affair.
    let before_the_end = points.iter().filter(|point| !point.contains(".end."));
    let plans = before_the_end.map(|point| Plan {
        env: env.to_vec(),
        replaced: true,
        ..Plan::killed(&[point])
    });
    carry_out(&bench, Scenario::Delete, plans.collect())
        .await
        .violations
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_never_strikes_somebody_elses_snapshot() {
    let found = violations_of_replaced_deletes(&[]).await;
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_that_is_sent_again_without_looking_is_found() {
    let bug = ("TINTYPE_PLANTED_BUG", "blind_delete".to_owned());
    let found = violations_of_replaced_deletes(&[bug]).await;
    assert!(
        found
            .iter()
            .any(|violation| violation.contains("somebody else's snapshot was deleted")),
        "{found:#?}"
    );
}
