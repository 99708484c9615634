//! Webhooks and the stream of changes by the command line, on a fake engine and a real receiver; signatures are
//! verified by code that shares nothing with ours.

use crate::scripted::{Ran, tintype};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;
use tintype_testkit::fake::{Dialect, FakeEngine, Index, SnapshotState};
use tintype_testkit::faults::{Fault, Recorded, Rule};
use tintype_testkit::receiver::Receiver;
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};
use tintype_testkit::wait;

/// The receiver's side as docs/observability.md tells it: Python's own hmac.
const VERIFY: &str = r#"
import base64, hashlib, hmac, json, sys
letter = json.load(sys.stdin)
key = base64.b64decode(letter["secret"].removeprefix("whsec_"))
signed = f'{letter["id"]}.{letter["timestamp"]}.'.encode() + letter["body"].encode()
good = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
sys.exit(0 if hmac.compare_digest(good, letter["signature"]) else 1)
"#;

fn verifies(letter: &Recorded, secret: &str) -> bool {
    let header = |name: &str| letter.headers[name].to_str().unwrap().to_owned();
    let described = json!({
        "secret": secret,
        "id": header("webhook-id"),
        "timestamp": header("webhook-timestamp"),
        "signature": header("webhook-signature"),
        "body": String::from_utf8(letter.body.to_vec()).unwrap(),
    });
    let mut python = Command::new("python3")
        .args(["-c", VERIFY])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(described.to_string().as_bytes()).unwrap();
    drop(input);
    python.wait().unwrap().success()
}

/// A server that watches often, with a fake engine `air` that has one good snapshot.
struct Rig {
    server: TintypeProcess,
    engine: FakeEngine,
    receiver: Receiver,
}

impl Rig {
    async fn start() -> Self {
        let engine = FakeEngine::start(Dialect::Os2).unwrap();
        engine.add_index("flights", Index::default());
        let location = json!({"type": "fs", "settings": {"location": "/backups"}});
        engine.put_repository("backups", location);
        engine.add_snapshot("backups", "old", SnapshotState::Success);
        let options = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"));
        let options = options.env("TINTYPE_WATCH__INTERVAL_SECONDS", "1");
        let rig = Self {
            server: TintypeProcess::start(options).await.unwrap(),
            engine,
            receiver: Receiver::start().unwrap(),
        };
        rig.run(&format!(
            "cluster attach {} --name air --access take",
            rig.engine.url()
        ));
        rig
    }

    fn command(&self, line: &str) -> Command {
        let mut command = tintype(&self.server.url(), line);
        command.envs([
            ("TINTYPE_USER", "admin"),
            ("TINTYPE_PASSWORD", TintypeProcess::ADMIN_PASSWORD),
        ]);
        command
    }

    fn run(&self, line: &str) -> Ran {
        let ran: Ran = self.command(line).output().unwrap().into();
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        ran
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.run(&format!("{line} -o json")).stdout).unwrap()
    }

    /// The letters of this type, once there are so many.
    async fn letters(&self, event: &str, count: usize) -> Vec<Recorded> {
        wait::until(event, Duration::from_secs(60), async || {
            let heard = self.receiver.faults().matching("POST", "/hook");
            let of_type: Vec<_> = heard
                .into_iter()
                .filter(|one| one.json()["type"] == event)
                .collect();
            (of_type.len() >= count).then_some(of_type)
        })
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", self.server.stderr()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_cluster_is_told_until_it_is_heard_and_so_is_its_recovery() {
    let rig = Rig::start().await;
    let refused = Rule::new("POST", "/hook", Fault::Status(503, json!({"no": "room"})));
    rig.receiver.faults().add(refused.times(2));
    let made = rig.json(&format!("webhook create {}/hook", rig.receiver.url()));
    let secret = made["secret"].as_str().unwrap();

    rig.run("cluster alert air --max-age 1s");
    let late = rig.letters("cluster.late", 3).await;
    assert_eq!(late.len(), 3, "refused twice, then accepted");
    for letter in &late {
        assert_eq!(letter.headers["webhook-id"], late[0].headers["webhook-id"]);
        assert!(verifies(letter, secret));
        assert!(!verifies(letter, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    }
    let data = &late[0].json()["data"];
    assert_eq!(
        (&data["cluster"]["name"], &data["max_age_seconds"]),
        (&json!("air"), &json!(1))
    );
    assert_eq!(data["latest_successful_name"], "old");

    // Told once: the watch has looked many times since, and only a change brings the next letter.
    rig.run("cluster alert air --max-age 8760h");
    rig.letters("cluster.recovered", 1).await;
    rig.engine.fault(Rule::new(
        "PUT",
        "/_snapshot/backups/*",
        Fault::engine_error(400, "invalid_snapshot_name_exception", "no"),
    ));
    let taken: Ran = rig
        .command("snapshot take air --name bad --repository backups --wait")
        .output()
        .unwrap()
        .into();
    assert_ne!(taken.code, 0, "{taken:?}");
    let failed = rig.letters("operation.failed", 1).await;
    assert!(
        failed[0].json()["data"]["failure"]["message"]
            .as_str()
            .unwrap()
            .contains("no")
    );
    assert_eq!(rig.letters("cluster.late", 3).await.len(), 3);

    // Everything that was told is in the stream, as the command line shows it.
    let kinds = rig
        .run("events --cluster air --kind cluster.late --kind webhook -o ndjson")
        .stdout;
    let kinds: Vec<Value> = kinds
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = kinds.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(&names[..2], ["cluster.late", "webhook.delivered"], "{names:?}");
    let operation = kinds[1]["operation_id"].as_str().unwrap();
    let shown = rig.json(&format!("operation show {operation}"));
    assert_eq!(
        (&shown["status"], &shown["outcome"]["attempts"]),
        (&json!("succeeded"), &json!(3))
    );
    // About the cluster, but not in its way.
    rig.run("cluster detach air --yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_wants_no_more_is_left_alone() {
    let rig = Rig::start().await;
    let id = rig
        .run(&format!("webhook create {}/hook -o name", rig.receiver.url()))
        .stdout;
    let id = id.trim();
    rig.run(&format!("webhook test {id} --wait"));
    rig.receiver
        .faults()
        .add(Rule::new("POST", "/hook", Fault::Status(410, json!({}))).always());
    let gone: Ran = rig
        .command(&format!("webhook test {id} --wait"))
        .output()
        .unwrap()
        .into();
    assert_eq!(gone.code, 3, "{gone:?}");
    let shown = rig.json(&format!("webhook show {id}"));
    assert_eq!(shown["enabled"], false);
    assert!(shown["disabled_because"].as_str().unwrap().contains("410"));
    let refused: Ran = rig
        .command(&format!("webhook test {id}"))
        .output()
        .unwrap()
        .into();
    assert_eq!(refused.code, 6, "{refused:?}");

    // Redirects lead nowhere.
    rig.receiver.faults().clear();
    let elsewhere = format!("{}/elsewhere", rig.receiver.url());
    rig.receiver
        .faults()
        .add(Rule::new("POST", "/hook", Fault::Redirect(elsewhere)));
    rig.run(&format!("webhook update {id} --enable"));
    rig.run(&format!("webhook test {id} --wait"));
    assert!(rig.receiver.faults().matching("POST", "/elsewhere").is_empty());
    // Who is deleted is told nothing more, whatever was under way.
    rig.receiver
        .faults()
        .add(Rule::new("POST", "/hook", Fault::Status(503, json!({}))).always());
    let begun = rig.run(&format!("webhook test {id} -o name")).stdout;
    rig.run(&format!("webhook delete {id} --yes"));
    let watched: Ran = rig
        .command(&format!("operation watch {}", begun.trim()))
        .output()
        .unwrap()
        .into();
    assert_eq!(watched.code, 3, "{watched:?}");
    assert_eq!(
        rig.json(&format!("operation show {}", begun.trim()))["status"],
        "cancelled"
    );
    assert_eq!(rig.run("webhook list -o name").stdout, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn followed_events_go_on_behind_a_server_that_was_killed() {
    let rig = Rig::start().await;
    let mut follow = rig
        .command("events --follow --after 0 --kind cluster.attached --kind cluster.detached -o ndjson")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut kinds = lines.map(|line| {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        event["kind"].as_str().unwrap().to_owned()
    });
    assert_eq!(kinds.next().as_deref(), Some("cluster.attached"));
    rig.server.restart().await.unwrap();
    rig.run("cluster detach air --yes");
    assert_eq!(kinds.next().as_deref(), Some("cluster.detached"));
    // A graceful stop is not held up by an open stream.
    let code = rig.server.terminate(Duration::from_secs(60)).await.unwrap();
    let log = rig.server.stderr();
    assert!(
        code == 0 && !log.contains("when the stop's time was over"),
        "{code}: {log}"
    );
    follow.kill().unwrap();
    follow.wait().unwrap();
}
