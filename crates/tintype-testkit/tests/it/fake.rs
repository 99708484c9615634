//! The fake engine answers as the real ones do.

use serde_json::{Value, json};
use tintype_testkit::{
    client::RawClient,
    fake::{Dialect, FakeEngine, FakeHost, Index, Progress, SnapshotState},
};

const CREATE: &str = "/_snapshot/r/s?wait_for_completion=false";

struct Asked {
    engine: FakeEngine,
    client: RawClient,
}

impl Asked {
    fn new(dialect: Dialect) -> Self {
        let engine = FakeEngine::start(dialect).unwrap();
        engine.put_repository("r", json!({"type": "fs", "settings": {"location": "/backup/r"}}));
        engine.add_index(
            "flights",
            Index {
                shards: 2,
                ..Index::default()
            },
        );
        let client = RawClient::new(&engine.url(), None).unwrap();
        Self { engine, client }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.client.send(method, path, body).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, Value::Null).await.1
    }

    async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.ask(method, path, body).await;
        (
            status,
            answer["error"]["type"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

#[tokio::test]
async fn a_snapshot_runs_shows_progress_and_succeeds() {
    for dialect in Dialect::ALL {
        let fake = Asked::new(dialect);
        fake.engine.set_progress(Progress::Looks(3));
        let body = json!({"metadata": {"tintype": "op"}});
        assert_eq!(
            fake.ask("PUT", CREATE, body).await,
            (200, json!({"accepted": true}))
        );

        let first = fake.get("/_snapshot/r/s/_status").await["snapshots"][0].clone();
        assert_eq!(first["state"], "STARTED");
        assert_eq!(first["stats"]["processed"]["file_count"], 3);
        assert_eq!(first["stats"]["incremental"]["file_count"], 10);
        assert_eq!(
            fake.get("/_snapshot/r/s").await["snapshots"][0]["state"],
            "IN_PROGRESS"
        );

        let done = fake.get("/_snapshot/r/s").await["snapshots"][0].clone();
        assert_eq!(done["state"], "SUCCESS");
        assert_eq!(done["shards"], json!({"total": 2, "failed": 0, "successful": 2}));
        let kept = if dialect == Dialect::Es6 {
            Value::Null
        } else {
            json!({"tintype": "op"})
        };
        assert_eq!(done["metadata"], kept, "{dialect:?}");
    }
}

#[tokio::test]
async fn refusals_have_the_status_and_type_of_the_dialect() {
    for dialect in Dialect::ALL {
        let fake = Asked::new(dialect);
        assert_eq!(
            fake.refused("PUT", "/_snapshot/none/s", Value::Null).await,
            (404, "repository_missing_exception".into())
        );
        assert_eq!(
            fake.refused("GET", "/_snapshot/r/none", Value::Null).await,
            (404, "snapshot_missing_exception".into())
        );
        assert_eq!(
            fake.refused("PUT", "/_snapshot/r/Upper", Value::Null).await,
            (400, "invalid_snapshot_name_exception".into())
        );
        let missing = json!({"indices": "nothing"});
        assert_eq!(
            fake.refused("PUT", "/_snapshot/r/s", missing).await,
            (404, "index_not_found_exception".into())
        );

        fake.engine.add_snapshot("r", "taken", SnapshotState::Success);
        let modern = matches!(dialect, Dialect::Es8 | Dialect::Es9);
        let taken = if modern {
            "snapshot_name_already_in_use_exception"
        } else {
            "invalid_snapshot_name_exception"
        };
        assert_eq!(
            fake.refused("PUT", "/_snapshot/r/taken", Value::Null).await,
            (400, taken.into())
        );

        let readonly = json!({"type": "fs", "settings": {"location": "/backup/r", "readonly": true}});
        assert_eq!(
            fake.ask("PUT", "/_snapshot/ro?verify=false", readonly).await.0,
            200
        );
        assert_eq!(
            fake.refused("PUT", "/_snapshot/ro/s", Value::Null).await,
            (500, "repository_exception".into())
        );

        let pages = matches!(dialect, Dialect::Es7 | Dialect::Es8 | Dialect::Es9);
        let (status, _) = fake.ask("GET", "/_snapshot/r/_all?size=1", Value::Null).await;
        assert_eq!(status, if pages { 200 } else { 400 });
    }
}

#[tokio::test]
async fn a_snapshot_on_a_broken_location_is_accepted_and_vanishes_but_refused_by_6_8() {
    for (dialect, status) in [(Dialect::Es6, 500), (Dialect::Es8, 200), (Dialect::Os2, 200)] {
        let fake = Asked::new(dialect);
        fake.engine.set_location_broken("/backup/r", true);
        assert_eq!(fake.ask("PUT", CREATE, Value::Null).await.0, status);
        while fake.ask("GET", "/_snapshot/r/s", Value::Null).await.0 == 200 {}
        assert!(fake.engine.snapshots("r").is_empty());
        let verify = fake.refused("POST", "/_snapshot/r/_verify", Value::Null).await;
        assert_eq!(verify, (500, "repository_verification_exception".into()));
    }
}

#[tokio::test]
async fn registering_another_location_makes_old_snapshots_vanish_from_the_listing_only() {
    let fake = Asked::new(Dialect::Es8);
    fake.engine.add_snapshot("r", "old", SnapshotState::Success);
    let elsewhere = json!({"type": "s3", "settings": {"bucket": "b", "base_path": "p"}});
    assert_eq!(fake.ask("PUT", "/_snapshot/r", elsewhere).await.0, 200);
    assert_eq!(fake.get("/_snapshot/r/_all").await["snapshots"], json!([]));
    fake.engine.put_repository(
        "again",
        json!({"type": "fs", "settings": {"location": "/backup/r"}}),
    );
    assert_eq!(
        fake.get("/_snapshot/again/_all?filter_path=snapshots.snapshot")
            .await,
        json!({"snapshots": [{"snapshot": "old"}]})
    );
}

#[tokio::test]
async fn a_restore_renames_recovers_and_never_lands_on_an_open_index() {
    let fake = Asked::new(Dialect::Os2);
    fake.engine.set_progress(Progress::OnCommand);
    fake.engine.add_snapshot("r", "s", SnapshotState::Success);
    let restore = "/_snapshot/r/s/_restore";
    assert_eq!(
        fake.refused("POST", restore, Value::Null).await,
        (500, "snapshot_restore_exception".into())
    );

    let renamed = json!({"indices": "flights", "rename_pattern": "(.+)", "rename_replacement": "copy-$1"});
    assert_eq!(
        fake.ask("POST", restore, renamed).await,
        (200, json!({"accepted": true}))
    );
    let shard = async || fake.get("/copy-flights/_recovery").await["copy-flights"]["shards"][0].clone();
    assert_eq!(
        (&shard().await["stage"], &shard().await["type"]),
        (&json!("INDEX"), &json!("SNAPSHOT"))
    );
    fake.engine.finish_restores();
    assert_eq!(shard().await["stage"], "DONE");
    assert_eq!(fake.engine.indices(), ["copy-flights", "flights"]);
}

#[tokio::test]
async fn tells_who_it_is_and_who_may_ask() {
    for dialect in Dialect::ALL {
        let fake = Asked::new(dialect);
        let root = fake.get("/").await;
        assert_eq!(root["version"]["number"], dialect.version());
        assert_eq!(
            root["version"]["distribution"] == "opensearch",
            dialect.is_opensearch()
        );
        let uuid = fake.get("/_cluster/state/version?filter_path=cluster_uuid").await;
        assert_eq!(uuid, json!({"cluster_uuid": fake.engine.uuid()}));
        fake.engine.require_authorization("ApiKey right");
        assert_eq!(
            fake.refused("GET", "/", Value::Null).await,
            (401, "security_exception".into())
        );
        assert_eq!(
            fake.client
                .authorized("ApiKey right")
                .send("GET", "/", Value::Null)
                .await
                .unwrap()
                .0,
            200
        );
    }
}

#[tokio::test]
async fn a_thousand_fit_behind_one_listener() {
    let host = FakeHost::start().unwrap();
    let engines: Vec<FakeEngine> = (0..1_000)
        .map(|n| host.add(&format!("c{n}"), Dialect::Os2))
        .collect();
    for engine in engines.iter().step_by(250) {
        let client = RawClient::new(&engine.url(), None).unwrap();
        let (_, root) = client.send("GET", "/", Value::Null).await.unwrap();
        assert_eq!(root["cluster_uuid"], engine.uuid());
        assert_eq!(engine.faults().matching("GET", "/").len(), 1);
    }
    assert!(engines[1].faults().requests().is_empty());
}

#[tokio::test]
async fn pages_follow_their_token_to_the_end() {
    let fake = Asked::new(Dialect::Es8);
    for name in ["c", "a", "b"] {
        fake.engine.add_snapshot("r", name, SnapshotState::Success);
    }
    let (mut names, mut after) = (Vec::new(), String::new());
    loop {
        let page = fake
            .get(&format!("/_snapshot/r/_all?size=2&sort=name{after}"))
            .await;
        names.extend(
            page["snapshots"]
                .as_array()
                .unwrap()
                .iter()
                .map(|found| found["snapshot"].clone()),
        );
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(names, ["a", "b", "c"]);
}
