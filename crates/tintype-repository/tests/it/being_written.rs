//! A repository that an engine writes and deletes in meanwhile: nothing is found that is not there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};
use tintype_repository::Level;
use tintype_repository::finding::{Kind, Severity};
use tintype_repository::repository::OpenError;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::engines::{RealEngine, row, shared};

use crate::looking::{look_at, options, said, show};

/// So many snapshots are taken; each is deleted when two more are there.
const SNAPSHOTS: u32 = 25;
/// Of so many looks one may not get a root: it was replaced each time between being listed and being read.
const OPENED: u32 = 20;

/// Shards that each snapshot may have its own paths for, in a base path.
#[tokio::test(flavor = "multi_thread")]
async fn opensearch_may_write_meanwhile_under_hashed_paths() {
    let settings = json!({"base_path": "backups", "shard_path_type": "HASHED_PREFIX"});
    beside("opensearch-3.3.2", "backups", settings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opensearch_may_write_meanwhile() {
    beside("opensearch-2.19.0", "", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elasticsearch_may_write_meanwhile() {
    beside("elasticsearch-8.17.0", "", json!({})).await;
}

/// No root names the shards' generations: the highest number in a directory counts.
#[tokio::test(flavor = "multi_thread")]
async fn elasticsearch_may_write_numbered_generations_meanwhile() {
    beside("elasticsearch-6.8.23", "", json!({})).await;
}

/// A repository, and the engine that writes there.
struct Ground {
    engine: std::sync::Arc<RealEngine>,
    location: PathBuf,
    base: &'static str,
    /// So many snapshots were deleted, or are being deleted: those with the lowest numbers.
    deleted: AtomicU32,
}

/// What came of the looks.
#[derive(Default)]
struct Looks {
    good: u32,
    /// The root was replaced each time before it could be read.
    outrun: u32,
    /// Snapshots that were deleted while they were verified.
    deleted: u32,
}

async fn beside(engine: &str, base: &'static str, mut settings: Value) {
    let engine = shared(row(engine), false).await.unwrap();
    let location = engine.location("being-written").unwrap();
    settings["location"] = location.to_string_lossy().into();
    let ground = Ground {
        engine,
        location,
        base,
        deleted: AtomicU32::new(0),
    };
    let body = json!({"type": "fs", "settings": settings});
    ground.ask("PUT", "/_snapshot/being-written", body).await;
    ground.step(0).await;
    let done = AtomicBool::new(false);
    let writing = async {
        for number in 1..SNAPSHOTS {
            ground.step(number).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let looking = async {
        let mut looks = Looks::default();
        while !done.load(Ordering::Relaxed) {
            ground.look(&mut looks).await;
        }
        looks
    };
    let ((), looks) = tokio::join!(writing, looking);
    ground.assert_looks(&looks);
    // Still: what is there now is whole.
    let report = look_at(&ground.location, base, options(Level::Structure))
        .await
        .unwrap();
    assert!(report.findings.is_empty(), "{}", said(&report));
    assert_eq!(report.verdict, Verdict::Restorable);
    assert_eq!(report.snapshots.len(), 2);
}

impl Ground {
    /// New and deleted documents, a snapshot, and one snapshot less. Beside the index that goes on, each snapshot has one that
    /// is in no other, and that goes from the repository with it.
    async fn step(&self, number: u32) {
        let ids = number * 20..number * 20 + 30;
        let lines: String = ids
            .map(|id| format!("{{\"index\":{{\"_id\":\"{id}\"}}}}\n{{\"n\":{number}}}\n"))
            .collect();
        // Elasticsearch 6 wants a type.
        let kind = match self.engine.row().version.starts_with("6.") {
            true => "/_doc",
            false => "",
        };
        let own = format!("only-{number}");
        for index in ["written-at", &own] {
            let path = format!("/{index}{kind}/_bulk?refresh=true");
            self.ask("POST", &path, lines.clone().into()).await;
        }
        let path = format!("/_snapshot/being-written/s{number}?wait_for_completion=true");
        let body = json!({"indices": format!("written-at,{own}")});
        let answer = self.ask("PUT", &path, body).await;
        assert_eq!(answer["snapshot"]["state"], "SUCCESS", "{answer}");
        self.ask("DELETE", &format!("/{own}"), Value::Null).await;
        if let Some(old) = number.checked_sub(2) {
            self.deleted.store(old + 1, Ordering::SeqCst);
            let path = format!("/_snapshot/being-written/s{old}");
            self.ask("DELETE", &path, Value::Null).await;
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.engine.http(method, path, body).await.unwrap();
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    async fn look(&self, looks: &mut Looks) {
        match look_at(&self.location, self.base, options(Level::Structure)).await {
            Ok(report) => {
                looks.good += 1;
                looks.deleted += self.assert_no_alarm(&report);
            }
            // It is said that this came of something else that writes there, and nothing of any blob.
            Err(OpenError::NotARepository(words)) if words.contains("vanished") => looks.outrun += 1,
            Err(error) => panic!("{error}"),
        }
    }

    /// Whatever is told are notes, and no verdict suffers but that of a snapshot that was deleted meanwhile, which is said.
    /// Gives the number of those.
    fn assert_no_alarm(&self, report: &Report) -> u32 {
        let said = said(report);
        let alarms = report
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note);
        assert_eq!(alarms.count(), 0, "{said}");
        let changed = report
            .findings
            .iter()
            .filter(|finding| finding.kind == Kind::Changed);
        let changed: BTreeSet<&str> = changed
            .flat_map(|finding| &finding.snapshots)
            .map(String::as_str)
            .collect();
        let deleted = self.deleted.load(Ordering::SeqCst);
        for snapshot in &report.snapshots {
            let name = &*snapshot.name;
            let number: u32 = name.trim_start_matches('s').parse().unwrap();
            let expected = match changed.contains(name) {
                true => Verdict::Unknown,
                false => Verdict::Restorable,
            };
            assert_eq!(snapshot.verdict, expected, "{name}: {:?}\n{said}", snapshot.why);
            assert!(
                expected == Verdict::Restorable || number < deleted,
                "{name}\n{said}"
            );
        }
        u32::try_from(changed.len()).unwrap()
    }

    fn assert_looks(&self, looks: &Looks) {
        let Looks {
            good,
            outrun,
            deleted,
        } = looks;
        let name = self.engine.row().name;
        show(&format!(
            "{good} looks beside {name}, {outrun} outrun by it, {deleted} snapshots deleted meanwhile\n"
        ));
        assert!(
            *good >= 10,
            "only {good} looks while {SNAPSHOTS} snapshots were taken"
        );
        assert!(outrun * OPENED <= *good, "{outrun} of {good} looks found no root");
    }
}
