//! What is read of a fleet that others look after: long listings, policies, privileges.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Reply, Seen, Server, elasticsearch, engine_error, json as reply, opensearch};
use tintype_engine::{Access, Engine, Policy};

async fn engine(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Engine, Server) {
    let server = Server::start(handler).await;
    (server.engine(Access::Observe), server)
}

fn snapshot(name: &str, state: &str) -> Value {
    json!({"snapshot": name, "uuid": name, "state": state, "indices": ["a"]})
}

#[tokio::test]
async fn a_listing_passes_by_one_snapshot_after_the_other_over_its_pages() {
    let (engine, server) = engine(elasticsearch("8.17.0", |seen| {
        let page = if seen.target.contains("after=two") {
            json!({"snapshots": [snapshot("three", "SUCCESS")], "total": 3, "remaining": 0})
        } else {
            json!({"next": "two", "snapshots": [snapshot("one", "SUCCESS"), snapshot("two", "PARTIAL")]})
        };
        reply(200, page.to_string())
    }))
    .await;
    let mut names = Vec::new();
    engine
        .each_snapshot("r", &mut |info| names.push(info.name))
        .await
        .unwrap();
    assert_eq!(names, ["one", "two", "three"]);
    let listings = server
        .seen()
        .into_iter()
        .filter(|one| one.target.contains("/_snapshot/r/_all"));
    assert_eq!(listings.count(), 2);
}

#[tokio::test]
async fn a_listing_that_tells_of_a_failure_or_is_none_is_an_error_wherever_that_stands() {
    let failure = json!({"type": "repository_exception", "reason": "cannot read"});
    let with_failure = format!(
        r#"{{"snapshots":[{}],"failures":{{"r":{failure}}}}}"#,
        snapshot("one", "SUCCESS")
    );
    for (body, words) in [
        (with_failure, "cannot read"),
        (r#"{"took":1}"#.to_owned(), "missing field `snapshots`"),
        (
            r#"{"snapshots":[{"state":"SUCCESS"}]}"#.to_owned(),
            "missing field `snapshot`",
        ),
        (r#"{"snapshots":[],"snapshots":[]}"#.to_owned(), "duplicate field"),
        (r#"{"snapshots":[]} x"#.to_owned(), "trailing"),
    ] {
        let (engine, _server) = engine(opensearch(move |_| reply(200, body.clone()))).await;
        let error = engine.snapshots("r").await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn the_mark_is_the_sum_of_what_a_listing_shows_and_reads_no_details() {
    let (engine, server) = engine(opensearch(|seen| {
        let all = [snapshot("one", "SUCCESS"), snapshot("two", "IN_PROGRESS")];
        if seen.target.contains("verbose=false") {
            return reply(200, json!({"snapshots": [all[1], all[0]]}).to_string());
        }
        reply(200, json!({"snapshots": all}).to_string())
    }))
    .await;
    let mut sum = 0_u64;
    engine
        .each_snapshot("r", &mut |info| sum = sum.wrapping_add(info.mark()))
        .await
        .unwrap();
    assert_eq!(engine.snapshots_mark("r").await.unwrap(), sum);
    let asked = server.seen().pop().unwrap();
    assert!(
        asked.target.contains("filter_path=") && asked.method == "GET",
        "{asked:?}"
    );
}

#[tokio::test]
async fn slm_policies_are_read_with_the_reason_out_of_a_cut_exception() {
    let whole =
        json!({"type": "snapshot_exception", "reason": "disk \"full\"", "stack_trace": "x"}).to_string();
    let cut: String = json!({"type": "t", "reason": "no such bucket", "stack_trace": "y".repeat(2_000)})
        .to_string()
        .chars()
        .take(1_000)
        .collect();
    let run = |details: String| json!({"snapshot_name": "s", "time": 2_000, "time_string": "x", "details": details});
    let policy = json!({"schedule": "0 30 1 * * ?", "name": "<s-{now/d}>", "repository": "r", "config": {}});
    let body = json!({
        "whole": {"version": 1, "policy": policy, "last_failure": run(whole), "next_execution_millis": -1, "stats": {}},
        "cut": {"policy": policy, "last_success": {"snapshot_name": "g", "start_time": 900, "time": 1_000},
            "last_failure": run(cut), "next_execution_millis": 3_000},
    });
    let (engine, _server) = engine(elasticsearch("8.17.0", move |_| reply(200, body.to_string()))).await;
    let policies = engine.policies().await.unwrap().unwrap();
    let cause = |policy: &Policy| policy.last_failure.clone().unwrap().cause.unwrap();
    assert_eq!(
        (policies[0].name.as_str(), cause(&policies[0]).as_str()),
        ("cut", "no such bucket")
    );
    assert_eq!(cause(&policies[1]), "disk \"full\"");
    assert_eq!(
        policies[0].last_success.as_ref().map(|run| run.at_ms),
        Some(1_000)
    );
    assert_eq!((policies[0].next_ms, policies[1].next_ms), (Some(3_000), None));
    assert_eq!(
        (policies[0].schedule.as_str(), policies[0].repository.as_str()),
        ("0 30 1 * * ?", "r")
    );
}

#[tokio::test]
async fn sm_policies_are_read_with_their_latest_run() {
    let sm = |name: &str, creation: Value| {
        json!({"_id": "x", "sm_policy": {"name": name, "enabled": name != "stopped", "creation": creation,
            "snapshot_config": {"repository": "s3-repo"}}})
    };
    let cron =
        json!({"schedule": {"cron": {"expression": "0 8 * * *", "timezone": "UTC"}}, "time_limit": "1h"});
    let list = json!({"policies": [sm("daily", cron.clone()), sm("again", cron.clone()), sm("stopped", cron),
        sm("only-deletes", Value::Null)], "total_policies": 4});
    let latest = |name: &str, status: &str, info: Value| {
        json!({"name": name, "creation": {"current_state": "CREATION_START", "trigger": {"time": 5_000},
            "latest_execution": {"status": status, "start_time": 1_000, "end_time": 2_000, "info": info}}})
    };
    let explained = json!({"policies": [
        latest("daily", "FAILED", json!({"message": "it failed", "cause": "no such bucket"})),
        latest("again", "RETRYING", json!({"cause": "not yet"})),
        latest("stopped", "SUCCESS", json!({"message": "done"}))]});
    let (engine, server) = engine(opensearch(move |seen| {
        let body = if seen.target.contains("_explain") {
            &explained
        } else {
            &list
        };
        reply(200, body.to_string())
    }))
    .await;
    let policies = engine.policies().await.unwrap().unwrap();
    let names: Vec<&str> = policies.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["again", "daily", "only-deletes", "stopped"]);
    assert_eq!(
        policies[1].last_failure.clone().unwrap().cause.as_deref(),
        Some("no such bucket")
    );
    assert_eq!(
        (policies[1].schedule.as_str(), policies[1].next_ms),
        ("0 8 * * * UTC", Some(5_000))
    );
    assert_eq!(
        (&policies[0].last_failure, &policies[0].last_success),
        (&None, &None)
    );
    assert!(!policies[3].enabled && policies[3].last_success.is_some());
    assert!(server.seen().iter().all(|one| one.method == "GET"));
}

#[tokio::test]
async fn an_engine_without_the_module_has_no_policies_and_one_that_refuses_says_so() {
    let unknown = || {
        reply(
            400,
            r#"{"error":"no handler found for uri [/_slm/policy] and method [GET]"}"#,
        )
    };
    let (without, _server) = engine(elasticsearch("8.17.0", move |_| unknown())).await;
    assert_eq!(without.policies().await, Ok(None));
    let (old, server) = engine(elasticsearch("7.3.2", |_| reply(500, "{}"))).await;
    assert_eq!(old.policies().await, Ok(None));
    assert!(server.seen().iter().all(|one| !one.target.contains("_slm")));
    let refused = |_: &Seen| engine_error(403, "security_exception", "unauthorized");
    let (forbidden, _server) = engine(elasticsearch("8.17.0", refused)).await;
    assert!(forbidden.policies().await.unwrap_err().is_auth());
}

#[tokio::test]
async fn what_is_missing_is_asked_by_a_get() {
    let (engine, server) = engine(elasticsearch("8.17.0", |_| {
        let body = json!({"username": "u", "has_all_requested": false, "cluster": {"monitor": true, "x": false},
            "index": {"*": {"monitor": true, "view_index_metadata": false}}, "application": {}});
        reply(200, body.to_string())
    }))
    .await;
    let role = json!({"cluster": ["monitor", "x"], "indices": [{"names": ["*"], "privileges": ["monitor"]}]});
    let found = engine.missing_privileges(&role).await.unwrap().unwrap();
    assert_eq!(
        (found.user.as_str(), found.missing_cluster),
        ("u", vec!["x".to_owned()])
    );
    assert_eq!(
        found.missing_indices,
        [("*".to_owned(), "view_index_metadata".to_owned())]
    );
    let asked = server.seen().pop().unwrap();
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((asked.method.as_str(), &body["index"]), ("GET", &role["indices"]));
}
