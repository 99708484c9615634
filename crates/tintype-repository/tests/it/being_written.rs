//! A repository that an engine writes and deletes in meanwhile: nothing is found that is not there.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};
use tintype_repository::Level;
use tintype_repository::finding::Severity;
use tintype_repository::repository::OpenError;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::engines::{RealEngine, row, shared};

use crate::looking::{look_at, options, said};

/// So many snapshots are taken; each is deleted when two more are there.
const SNAPSHOTS: u32 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn opensearch_may_write_meanwhile() {
    beside("opensearch-2.19.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elasticsearch_may_write_meanwhile() {
    beside("elasticsearch-8.17.0").await;
}

async fn beside(engine: &str) {
    let engine = shared(row(engine), false).await.unwrap();
    let location = engine.location("being-written").unwrap();
    let body = json!({"type": "fs", "settings": {"location": location}});
    ask(&engine, "PUT", "/_snapshot/being-written", body).await;
    step(&engine, 0).await;
    let (done, looks) = (AtomicBool::new(false), AtomicU32::new(0));
    let writing = async {
        for number in 1..SNAPSHOTS {
            step(&engine, number).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let looking = async {
        while !done.load(Ordering::Relaxed) {
            look_once(&location).await;
            looks.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(writing, looking);
    let looks = looks.into_inner();
    assert!(
        looks >= 10,
        "only {looks} looks while {SNAPSHOTS} snapshots were taken"
    );
    // Still: what is there now is whole.
    let report = look_at(&location, "", options(Level::Structure)).await.unwrap();
    assert_eq!(report.verdict, Verdict::Restorable, "{}", said(&report));
    assert_eq!(report.snapshots.len(), 2);
    println!("{looks} looks beside {}", engine.row().name);
}

/// New and deleted documents, a snapshot, and one snapshot less.
async fn step(engine: &RealEngine, number: u32) {
    let ids = number * 20..number * 20 + 30;
    let lines: String = ids
        .map(|id| format!("{{\"index\":{{\"_id\":\"{id}\"}}}}\n{{\"n\":{number}}}\n"))
        .collect();
    ask(engine, "POST", "/written-at/_bulk?refresh=true", lines.into()).await;
    let path = format!("/_snapshot/being-written/s{number}?wait_for_completion=true");
    let answer = ask(engine, "PUT", &path, json!({"indices": "written-at"})).await;
    assert_eq!(answer["snapshot"]["state"], "SUCCESS", "{answer}");
    if let Some(old) = number.checked_sub(2) {
        let path = format!("/_snapshot/being-written/s{old}");
        ask(engine, "DELETE", &path, Value::Null).await;
    }
}

async fn ask(engine: &RealEngine, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = engine.http(method, path, body).await.unwrap();
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

async fn look_once(location: &Path) {
    match look_at(location, "", options(Level::Structure)).await {
        Ok(report) => assert_no_alarm(&report),
        // The root that was listed was deleted before it could be read: nothing is said of any blob.
        Err(OpenError::Source(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A snapshot that was deleted meanwhile cannot be judged any more; that it is damaged must not be said.
fn assert_no_alarm(report: &Report) {
    let alarms = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    assert_eq!(alarms.count(), 0, "{}", said(report));
    for snapshot in &report.snapshots {
        let fine = matches!(snapshot.verdict, Verdict::Restorable | Verdict::Unknown);
        assert!(fine, "{}: {:?}\n{}", snapshot.name, snapshot.why, said(report));
    }
}
