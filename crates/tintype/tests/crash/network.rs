//! A network that loses requests and answers: the end still equals the engine's truth.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tintype_testkit::{
    faults::{Fault, Rule},
    proxy::{FaultProxy, ProxyOptions},
};

use crate::{
    bench::Bench,
    points::carry_out,
    run::{Plan, run},
    scenario::Scenario,
};

/// Longer than any answer of a busy engine, shorter than [`LATE`].
const TIMEOUT_SECONDS: &str = "3";
const LATE: Duration = Duration::from_secs(5);

fn faults() -> [Fault; 7] {
    [
        Fault::DropRequest,
        Fault::DropAnswer,
        Fault::CutBody(3),
        Fault::DelayRequest(LATE),
        Fault::DelayAnswer(LATE),
        Fault::Status(429, Value::Null),
        Fault::Status(503, Value::Null),
    ]
}

/// A run through a proxy of its own. The proxy lives as long as its half of the pair.
fn plan(upstream: &str, options: ProxyOptions, rule: Rule) -> (FaultProxy, Plan) {
    let proxy = FaultProxy::with(upstream, options).unwrap();
    let plan = Plan {
        env: vec![(
            "TINTYPE_ENGINE__REQUEST_TIMEOUT_SECONDS",
            TIMEOUT_SECONDS.to_owned(),
        )],
        network: Some((proxy.url(), proxy.faults().clone(), rule)),
        expected_status: true,
        ..Plan::default()
    };
    (proxy, plan)
}

async fn disturbed(scenario: Scenario, rules: Vec<Rule>) {
    let bench = Arc::new(Bench::real().await);
    let made = rules
        .into_iter()
        .map(|rule| plan(&bench.url, ProxyOptions::default(), rule));
    let (_proxies, plans): (Vec<_>, Vec<_>) = made.unzip();
    carry_out(&bench, scenario, plans).await.assert_clean();
}

/// Each fault at this call.
fn each_fault_at(method: &str, path: &str) -> Vec<Rule> {
    faults().map(|fault| Rule::new(method, path, fault)).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creating_a_snapshot() {
    disturbed(Scenario::Take, each_fault_at("PUT", "/_snapshot/*/*")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creating_and_verifying_a_registration() {
    let mut rules = each_fault_at("PUT", "/_snapshot/*");
    rules.extend(each_fault_at("POST", "/_snapshot/*/_verify"));
    disturbed(Scenario::Register, rules).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registering_on_the_way_to_a_snapshot() {
    let mut rules = each_fault_at("PUT", "/_snapshot/*");
    rules.extend(each_fault_at("POST", "/_snapshot/*/_verify"));
    disturbed(Scenario::Take, rules).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_snapshot_to_abort_it() {
    disturbed(Scenario::Cancel, each_fault_at("DELETE", "/_snapshot/*/*")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restoring() {
    disturbed(
        Scenario::Restore,
        each_fault_at("POST", "/_snapshot/*/*/_restore"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading() {
    let at = |skip: usize| faults().map(|fault| Rule::new("GET", "**", fault).skip(skip).times(2));
    disturbed(Scenario::Take, [0, 5, 9].into_iter().flat_map(at).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_to_the_create_request_is_lost() {
    let bench = Arc::new(Bench::real().await);
    let rule = Rule::new("PUT", "/_snapshot/*/*", Fault::DropAnswer).always();
    let (proxy, plan) = plan(&bench.url, ProxyOptions::default(), rule);
    let report = run(&bench, Scenario::Take, &plan).await.unwrap();
    assert!(
        report.violations.is_empty(),
        "{:#?}\n{}",
        report.violations,
        report.story
    );
    let sent = proxy.faults().matching("PUT", "/_snapshot/*/*").len();
    assert!((1..=2).contains(&sent), "sent {sent} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_tls_to_an_engine_with_users() {
    let (bench, engine) = Bench::secured().await;
    let bench = Arc::new(bench);
    for (scenario, rule) in [
        (
            Scenario::Take,
            Rule::new("PUT", "/_snapshot/*/*", Fault::DropAnswer),
        ),
        (
            Scenario::Take,
            Rule::new("PUT", "/_snapshot/*", Fault::CutBody(3)),
        ),
        (
            Scenario::Restore,
            Rule::new("POST", "/_snapshot/*/*/_restore", Fault::DropAnswer),
        ),
        (
            Scenario::Take,
            Rule::new("GET", "**", Fault::DropAnswer).skip(3).times(2),
        ),
    ] {
        let options = ProxyOptions {
            upstream_ca: engine.ca_pem(),
            certificate: Some(engine.server_cert().clone()),
            require: None,
        };
        let (_proxy, plan) = plan(engine.url(), options, rule);
        let report = run(&bench, scenario, &plan).await.unwrap();
        assert!(
            report.violations.is_empty(),
            "{:#?}\n{}",
            report.violations,
            report.story
        );
    }
}
