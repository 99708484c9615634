//! The call and what a good snapshot is.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use tintype_testkit::wait;

use crate::{
    api::{Answer, ECE},
    bench::{Bench, Plan, Taken},
    door::Level,
    facts::Closed,
    rig::Rig,
};

on_every_engine!(
    every_form_of_the_call_is_answered_202_with_the_name_alone,
    a_success_is_one_snapshot_of_everything_that_names_its_operation,
    a_name_is_made_where_none_is_given,
    the_cluster_shows_a_snapshot_at_its_end,
);

/// Content type, body, and the name if the body gives one.
type Form = (Option<&'static str>, Option<&'static str>, Option<&'static str>);

/// What `curl -d` sends, a client with no content type, nothing at all, and all that means "defaults".
const FORMS: [Form; 5] = [
    (
        Some("application/x-www-form-urlencoded"),
        Some(r#"{"name": "by-curl"}"#),
        Some("by-curl"),
    ),
    (
        None,
        Some(r#"{"name": "untyped", "repository_name": null}"#),
        Some("untyped"),
    ),
    (None, None, None),
    (Some("application/json"), Some("{}"), None),
    (
        Some("application/json; charset=utf-8"),
        Some(r#"{"name": null, "repository_name": null, "username": null, "password": null}"#),
        None,
    ),
];

async fn every_form_of_the_call_is_answered_202_with_the_name_alone(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let who = [&bench.api.key, &bench.api.basic];
    let mut names = BTreeSet::new();
    for (number, (content_type, body, name)) in FORMS.into_iter().enumerate() {
        let path = format!(
            "{}/clusters/elasticsearch/{}/_snapshot",
            ECE[number % 2],
            bench.cluster
        );
        let mut request = bench
            .api
            .bare("POST", &path)
            .header(AUTHORIZATION, who[number / 2 % 2]);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let still = rig.still().await;
        let taken = Taken::of(Answer::to(request).await);
        drop(still);
        assert!(name.is_none_or(|name| name == taken.name), "{taken:?}");
        bench.succeeded(&taken.operation).await;
        names.insert(taken.name);
    }
    let listed = rig.snapshot_names(&bench.repository).await;
    assert_eq!(listed.len(), FORMS.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), names);
}

async fn a_success_is_one_snapshot_of_everything_that_names_its_operation(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let still = rig.still().await;
    let there = rig.indices().await;
    let answer = bench
        .api
        .send("POST", &bench.call_path(), json!({"name": "whole"}))
        .await;
    drop(still);
    let taken = Taken::of(answer);
    let outcome = bench.succeeded(&taken.operation).await;

    let found = rig.only_snapshot(&bench.repository).await;
    assert_eq!(
        (&found["snapshot"], &found["state"]),
        (&json!("whole"), &json!("SUCCESS"))
    );
    let mut metadata = json!({"tintype": {"operation": taken.operation}});
    if !rig.facts().keeps_metadata {
        metadata = Value::Null;
    }
    assert_eq!(found["metadata"], metadata);
    assert_eq!(found["include_global_state"], true);
    let held: BTreeSet<String> = serde_json::from_value(found["indices"].clone()).unwrap();
    let mut wanted = there;
    if rig.facts().closed == Closed::Never {
        assert!(wanted.remove("base-closed"));
        let note = outcome["notes"].to_string();
        assert!(note.contains("closed") && note.contains("base-closed"), "{note}");
    } else {
        assert!(wanted.contains("base-closed") && wanted.contains("base-hidden"));
    }
    assert_eq!(held, wanted);
    assert_eq!(
        (&outcome["uuid"], &outcome["good"]),
        (&found["uuid"], &json!(true))
    );
}

async fn a_name_is_made_where_none_is_given(rig: Arc<Rig>) {
    let bench = Bench::operate(&rig).await;
    let taken = Taken::of(bench.call(Value::Null).await);
    let parts: Vec<&str> = taken.name.split('-').collect();
    let [word, date, time, random] = parts[..] else {
        panic!("{}", taken.name);
    };
    let numbers = |text: &str, widths: &[usize]| {
        let parts: Vec<&str> = text.split('.').collect();
        let widths_fit = parts.iter().map(|part| part.len()).eq(widths.iter().copied());
        widths_fit
            && parts
                .iter()
                .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    assert!(
        word == "tintype" && numbers(date, &[4, 2, 2]) && numbers(time, &[2, 2, 2]),
        "{}",
        taken.name
    );
    assert!(
        random.len() == 6
            && random
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    );
    bench.succeeded(&taken.operation).await;
    assert_eq!(
        rig.only_snapshot(&bench.repository).await["snapshot"],
        taken.name.as_str()
    );
}

async fn the_cluster_shows_a_snapshot_at_its_end(rig: Arc<Rig>) {
    // No look but the one that follows the operation.
    let bench = Plan::at(&rig, Level::Operate)
        .env("TINTYPE_WATCH__INTERVAL_SECONDS", "3600")
        .start()
        .await;
    let path = format!("{}/clusters/elasticsearch/{}", ECE[1], bench.cluster);
    let before = &bench.api.get(&path).await["snapshots"];
    assert_eq!((&before["count"], &before["healthy"]), (&json!(0), &json!(false)));

    bench.take_whole("seen").await;
    let shown = wait::until("the status to be true", Duration::from_secs(60), async || {
        let status = bench.api.get(&path).await["snapshots"].clone();
        (status["latest_status"] == "SUCCESS").then_some(status)
    });
    let shown = shown.await.unwrap();
    let found = rig.only_snapshot(&bench.repository).await;
    let status = json!([
        shown["count"],
        shown["healthy"],
        shown["recent_success"],
        shown["latest_successful"]
    ]);
    assert_eq!(status, json!([1, true, true, true]));
    for time in ["latest_end_time", "latest_successful_end_time"] {
        assert_eq!(millis(&shown[time]), found["end_time_in_millis"], "{time}");
    }
}

fn millis(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    time.as_millisecond()
}
