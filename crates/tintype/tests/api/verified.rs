//! Verifications that run: what they prove of snapshots, and that one which does not end proves nothing.

use crate::support::{HandClock, Server, key};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tintype::model::{Proof, Role};
use tintype_repository::Level;
use tintype_repository::attest::{Attestation, PublicKey};
use tintype_repository::testing::Synthetic;
use tintype_repository::testing::lucene::index;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::schema::Schema;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const NATIVE: &str = "/api/tintype/v1";
const VERIFICATIONS: &str = "/api/tintype/v1/repositories/main/verifications";

/// When the clock of [`HandClock`] begins, ms.
const NOW: i64 = 1_700_000_000_000;

/// A server whose cluster `a1` has the snapshots `s1` and `s2`, which share the index `logs` and not `shop`.
struct Ground {
    server: Server,
    clock: Arc<HandClock>,
    repository: Synthetic,
    uuids: [String; 2],
    stop: CancellationToken,
    driver: JoinHandle<()>,
    _directory: TempDir,
}

impl Ground {
    async fn new() -> Self {
        let clock = HandClock::new();
        let server = Server::start_with(clock.clone(), |_| {}).await;
        let directory = tempfile::tempdir().unwrap();
        let mut repository = Synthetic::new(&directory.path().join("a1"));
        let [mixed, sorted, updated] = ["mixed", "sorted", "updated"].map(|name| index(8, name));
        let s1 = repository.take("s1", 1_000, &[("logs", &[&mixed]), ("shop", &[&updated])]);
        let s2 = repository.take("s2", 2_000, &[("logs", &[&mixed]), ("shop", &[&sorted])]);
        server.add_repository("main").await;
        server.add_cluster("a1").await;
        let stop = CancellationToken::new();
        let driver = drive(&server, &stop);
        let ground = Self {
            server,
            clock,
            repository,
            uuids: [s1, s2],
            stop,
            driver,
            _directory: directory,
        };
        let url = format!("file://{}", ground._directory.path().display());
        let path = format!("{NATIVE}/repositories/main/reader");
        let set = ground.send(Method::PUT, &path, json!({ "url": url })).await;
        assert_eq!(set["preflight"], "readable", "{set}");
        ground
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let reply = self
            .server
            .send(method, path, &key("admin"), body.to_string())
            .await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        reply.body
    }

    /// Starts a verification; its id.
    async fn start(&self, options: Value) -> String {
        let body = json!({"cluster_id": "a1", "options": options});
        let begun = self.send(Method::POST, VERIFICATIONS, body).await;
        begun["operations"][0]["id"].as_str().unwrap().to_owned()
    }

    /// The operation, once this holds of it.
    async fn until(&self, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let path = format!("{VERIFICATIONS}/{id}");
        for _ in 0..3_000 {
            let shown = self.server.get(&path).await.body;
            if holds(&shown) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{}", self.server.get(&path).await.body);
    }

    /// Verifies, and gives the operation with its report.
    async fn verify(&self, options: Value) -> Value {
        let id = self.start(options).await;
        let ended = self.until(&id, |shown| shown.get("finished_at").is_some()).await;
        assert_eq!(ended["status"], "succeeded", "{ended}");
        ended
    }

    /// One that reads so slowly that it does not end by itself, once it reads; its id.
    async fn crawl(&self) -> String {
        let id = self.start(json!({"bytes_per_second": 1, "attest": true})).await;
        self.until(&id, reads).await;
        id
    }

    async fn proofs(&self) -> HashMap<String, Proof> {
        let uuids = self.uuids.each_ref().map(String::as_str);
        let cluster = "a1".parse().unwrap();
        let found = self
            .server
            .app
            .store
            .proofs(&cluster, "fs:/backups/a1", &uuids)
            .await;
        found.unwrap()
    }

    /// Verdict and level of each snapshot's proof.
    async fn proved(&self) -> [Option<(Verdict, Level)>; 2] {
        let proofs = self.proofs().await;
        let proof = |uuid: &String| proofs.get(uuid).map(|proof| (proof.verdict, proof.level));
        self.uuids.each_ref().map(proof)
    }

    /// The oldest check that the proof of `s1` rests on, in ms since the clock began.
    async fn oldest(&self) -> i64 {
        self.proofs().await[&self.uuids[0]].oldest_check.as_millisecond() - NOW
    }

    async fn attestation(&self, snapshot: &str) -> Option<String> {
        let path = format!("{NATIVE}/clusters/a1/snapshots/main/{snapshot}/attestation");
        let reply = self.server.get(&path).await;
        let text = reply.body["document"].as_str().map(str::to_owned);
        assert_eq!(text.is_some(), reply.status == StatusCode::OK, "{}", reply.body);
        text
    }

    async fn key(&self) -> PublicKey {
        let made = self
            .send(Method::POST, &format!("{NATIVE}/attest-keys"), Value::Null)
            .await;
        made["public_key"].as_str().unwrap().parse().unwrap()
    }
}

fn drive(server: &Server, stop: &CancellationToken) -> JoinHandle<()> {
    let (operations, stop) = (server.app.operations.clone(), stop.clone());
    tokio::spawn(async move { operations.run(stop).await })
}

fn reads(shown: &Value) -> bool {
    shown["progress"]["bytes"]["done"].as_u64() > Some(0)
}

fn flip(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_proves_each_snapshot_as_deep_as_it_looked() {
    use Verdict::{InPart, Restorable};
    let ground = Ground::new().await;
    let shallow = ground.verify(json!({"level": "presence"})).await;
    let outcome = &shallow["outcome"];
    assert_eq!(
        (&outcome["state"], &outcome["good"]),
        (&json!("restorable"), &json!(true))
    );
    assert_eq!(
        (&outcome["snapshots"], &outcome["restorable"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(ground.proved().await, [Some((Restorable, Level::Presence)); 2]);
    flip(&ground.repository.blob("shop", 0, "_3.cfs"));
    ground.clock.forward(1);
    let deep = ground.verify(json!({})).await;
    assert_eq!(deep["outcome"]["state"], "in_part", "{}", deep["outcome"]);
    assert_eq!(deep["outcome"]["restorable"], 1);
    let expected = [Restorable, InPart].map(|verdict| Some((verdict, Level::Structure)));
    assert_eq!(ground.proved().await, expected);
    assert_eq!(deep["report"]["snapshots"][1]["verdict"], "in_part");
    // The document is that of the command line, for all who may read it.
    let schema = Schema::load("verify-1");
    let path = format!("{VERIFICATIONS}/{}", deep["id"].as_str().unwrap());
    let roles = [Role::EceDeploymentViewer];
    ground.server.add_user("viewer", &roles, true).await;
    let viewer = ground
        .server
        .send(Method::GET, &path, &key("viewer"), "")
        .await
        .body;
    for report in [&shallow["report"], &deep["report"], &viewer["report"]] {
        assert_eq!(report["schema"], schema.id());
        assert_eq!(schema.faults(report), [""; 0]);
    }
    assert_eq!(deep["report"]["snapshots_left_out"], 0);
    assert_eq!(viewer["report"].get("location"), None);
    // A look at one of them says nothing of the other.
    let part = ground
        .verify(json!({"level": "presence", "snapshots": ["s1"]}))
        .await;
    assert_eq!(part["outcome"]["complete"], true, "{}", part["outcome"]);
    assert_eq!(ground.proved().await, expected);
    // What was read a moment ago does not count for one that begins now.
    ground.clock.forward(60);
    let cut = ground
        .verify(json!({"budget_bytes": 1, "snapshots": ["s1"]}))
        .await;
    assert_eq!(cut["outcome"]["complete"], false, "{}", cut["outcome"]);
    assert_eq!(ground.proved().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_as_old_as_the_oldest_check_that_it_rests_on() {
    let ground = Ground::new().await;
    ground.verify(json!({"level": "checksum"})).await;
    assert!((0..900_000).contains(&ground.oldest().await));
    // Half a verification: what it read is young, and the rest as old as before.
    ground.clock.forward(1_000);
    ground
        .verify(json!({"level": "checksum", "indices": ["shop"]}))
        .await;
    ground.clock.forward(1_000);
    let known = ground
        .verify(json!({"level": "checksum", "max_age_seconds": 86_400}))
        .await;
    assert_eq!(known["outcome"]["blobs"], 0, "{}", known["outcome"]);
    assert!(
        (0..900_000).contains(&ground.oldest().await),
        "{}",
        ground.oldest().await
    );
    let newer = ground
        .verify(json!({"level": "checksum", "max_age_seconds": 1_500}))
        .await;
    assert!(
        newer["outcome"]["blobs"].as_u64().unwrap() > 0,
        "{}",
        newer["outcome"]
    );
    assert!((1_000_000..1_900_000).contains(&ground.oldest().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_root_takes_what_was_proved() {
    use Verdict::{NotRestorable, Restorable};
    let ground = Ground::new().await;
    ground.verify(json!({"level": "checksum"})).await;
    let root = ground.repository.root().join("index-2");
    let whole = std::fs::read(&root).unwrap();
    std::fs::write(&root, &whole[..whole.len() / 2]).unwrap();
    let lost = ground.verify(json!({})).await;
    let outcome = &lost["outcome"];
    assert_eq!(
        (&outcome["state"], &outcome["good"], &outcome["complete"]),
        (&json!("not_restorable"), &json!(false), &json!(false))
    );
    assert_eq!(lost["report"]["findings"][0]["blob"], "index-2");
    assert_eq!(Schema::load("verify-1").faults(&lost["report"]), [""; 0]);
    assert_eq!(ground.proved().await, [Some((NotRestorable, Level::Root)); 2]);
    std::fs::write(&root, whole).unwrap();
    ground.verify(json!({"level": "presence"})).await;
    assert_eq!(ground.proved().await, [Some((Restorable, Level::Presence)); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_garbled_root_takes_what_was_proved_and_an_unmounted_one_nothing() {
    use Verdict::{NotRestorable, Restorable};
    let ground = Ground::new().await;
    let root = ground.repository.root().join("index-2");
    let whole = std::fs::read(&root).unwrap();
    let mut garbled = whole.clone();
    garbled[0] ^= 0x80;
    for damage in [None, Some(garbled)] {
        std::fs::write(&root, &whole).unwrap();
        ground.clock.forward(1);
        ground.verify(json!({"level": "presence"})).await;
        let proved = Some((Restorable, Level::Presence));
        assert_eq!(ground.proved().await, [proved; 2]);
        // The whole directory is gone for a while.
        let mount = ground.repository.root();
        let aside = mount.with_file_name("aside");
        std::fs::rename(mount, &aside).unwrap();
        for empty in [false, true] {
            if empty {
                std::fs::create_dir(mount).unwrap();
            }
            let id = ground.start(json!({})).await;
            let ended = ground
                .until(&id, |shown| shown.get("finished_at").is_some())
                .await;
            assert_eq!(
                (&ended["status"], &ended["failure"]["kind"]),
                (&json!("failed"), &json!("repository_not_found")),
                "{ended}"
            );
        }
        std::fs::remove_dir(mount).unwrap();
        std::fs::rename(&aside, mount).unwrap();
        assert_eq!(ground.proved().await, [proved; 2]);
        match damage {
            None => std::fs::remove_file(&root).unwrap(),
            Some(bytes) => std::fs::write(&root, bytes).unwrap(),
        }
        let lost = ground.verify(json!({})).await;
        assert_eq!(lost["outcome"]["state"], "not_restorable", "{}", lost["outcome"]);
        assert_eq!(lost["report"]["findings"][0]["blob"], "index-2");
        assert_eq!(ground.proved().await, [Some((NotRestorable, Level::Root)); 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restorable_is_attested_once_and_after_it_was_verified() {
    let ground = Ground::new().await;
    let public = ground.key().await;
    flip(&ground.repository.blob("shop", 0, "_3.cfs"));
    let ended = ground.verify(json!({"attest": true})).await;
    assert_eq!(ended["outcome"]["attested"], 1, "{}", ended["outcome"]);
    assert_eq!(ground.attestation("s2").await, None);
    let text = ground.attestation("s1").await.unwrap();
    let statement = Attestation::read(text.as_bytes())
        .unwrap()
        .verified(&[public])
        .unwrap();
    let verified = statement.verified.unwrap();
    assert_eq!(
        (verified.verdict, verified.level),
        (Verdict::Restorable, Some(Level::Structure))
    );
    assert!(
        statement.attested >= verified.ended,
        "{} {}",
        statement.attested,
        verified.ended
    );
    ground.clock.forward(1);
    let again = ground.verify(json!({"attest": true})).await;
    assert_eq!(again["outcome"]["attested"], 0, "{}", again["outcome"]);
    assert_eq!(ground.attestation("s1").await.unwrap(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_verification_leaves_neither_report_nor_proof() {
    let ground = Ground::new().await;
    ground.key().await;
    let id = ground.crawl().await;
    let path = format!("{NATIVE}/operations/{id}/_cancel");
    ground.send(Method::POST, &path, Value::Null).await;
    let ended = ground
        .until(&id, |shown| shown.get("finished_at").is_some())
        .await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    assert!(
        ended.get("report").is_none() && ended.get("outcome").is_none(),
        "{ended}"
    );
    assert_eq!(ground.proved().await, [None; 2]);
    assert_eq!(ground.attestation("s1").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_a_stop_cut_off_proves_nothing_until_it_went_on() {
    let mut ground = Ground::new().await;
    ground.key().await;
    let id = ground.crawl().await;
    ground.stop.cancel();
    ground.driver.await.unwrap();
    let store = &ground.server.app.store;
    let cut = store.operation(&id).await.unwrap().unwrap();
    assert!(!cut.status.is_terminal(), "{cut:?}");
    assert_eq!(store.report(&id).await.unwrap(), None);
    ground.stop = CancellationToken::new();
    ground.driver = drive(&ground.server, &ground.stop);
    assert_eq!(ground.proved().await, [None; 2]);
    assert_eq!(ground.attestation("s1").await, None);
    ground.until(&id, reads).await;
    // It would read for ever.
    ground.stop.cancel();
    ground.driver.await.unwrap();
}
