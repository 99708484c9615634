//! From attach to restore by the command line alone, on a fake engine.

use crate::scripted::{Ran, tintype};
use serde_json::Value;
use tintype_testkit::fake::{Dialect, FakeEngine, Index, Progress};
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

/// A server with an attached fake engine that has a repository `backups`.
struct Fleet {
    server: TintypeProcess,
    engine: FakeEngine,
    cluster: String,
}

impl Fleet {
    async fn start(access: &str) -> Self {
        let engine = FakeEngine::start(Dialect::Os2).unwrap();
        engine.add_index("flights", Index::default());
        engine.add_index("planes", Index::default());
        let location = serde_json::json!({"type": "fs", "settings": {"location": "/backups"}});
        engine.put_repository("backups", location);
        let server = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")))
            .await
            .unwrap();
        let mut fleet = Self {
            server,
            engine,
            cluster: String::new(),
        };
        let attach = format!(
            "cluster attach {} --name air --access {access} --output name",
            fleet.engine.url()
        );
        let attached = fleet.run(&attach);
        assert_eq!(attached.code, 0, "{attached:?}");
        fleet.cluster = attached.stdout.trim().to_owned();
        fleet
    }

    fn run(&self, line: &str) -> Ran {
        let mut command = tintype(&self.server.url(), line);
        let command = command.envs([
            ("TINTYPE_USER", "admin"),
            ("TINTYPE_PASSWORD", TintypeProcess::ADMIN_PASSWORD),
        ]);
        command.output().unwrap().into()
    }

    fn json(&self, line: &str) -> Value {
        let ran = self.run(&format!("{line} -o json"));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_seen_and_restored() {
    let fleet = Fleet::start("operate").await;
    let taken = fleet.json("snapshot take air --name nightly --repository backups --wait --timeout 2m");
    assert_eq!(
        (&taken["status"], &taken["outcome"]["good"]),
        (&"succeeded".into(), &true.into()),
        "{taken}"
    );

    let listed = fleet.run("snapshot list air --repository backups -o name");
    assert_eq!(listed.stdout, "backups/nightly\n", "{listed:?}");
    let shown = fleet.json("snapshot show air backups/nightly");
    assert_eq!(
        (&shown["good"], &shown["made_by_tintype"]),
        (&true.into(), &true.into()),
        "{shown}"
    );

    let restore =
        "snapshot restore air backups/nightly --index flights --rename-prefix restored- --wait --timeout 2m";
    let restored = fleet.json(restore);
    assert_eq!(restored["status"], "succeeded", "{restored}");
    assert!(
        fleet.engine.indices().contains(&"restored-flights".to_owned()),
        "{:?}",
        fleet.engine.indices()
    );

    let operations = fleet.json("operation list --cluster air");
    let kinds: Vec<_> = operations
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| operation["kind"].clone())
        .collect();
    assert_eq!(kinds, ["restore_snapshot", "take_snapshot"]);
    let id = taken["id"].as_str().unwrap();
    let events = fleet.run(&format!("operation show {id} --events"));
    assert_eq!(events.code, 0);
    assert!(events.stdout.lines().count() > 2, "{}", events.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tintype_took_is_deleted_and_nothing_else() {
    let fleet = Fleet::start("operate").await;
    fleet.json("snapshot take air --name nightly --repository backups --wait --timeout 2m");
    fleet.engine.add_snapshot(
        "backups",
        "foreign",
        tintype_testkit::fake::SnapshotState::Success,
    );
    let runbook = fleet.run("snapshot show air backups/nightly --runbook");
    assert!(runbook.stdout.starts_with("#!/usr/bin/env bash\n"), "{runbook:?}");

    let foreign = fleet.run("snapshot delete air backups/foreign --yes");
    assert!(
        foreign.code == 6 && foreign.stderr.contains("root.conflict"),
        "{foreign:?}"
    );
    let other = fleet.run("snapshot delete air backups/nightly --uuid AAAAAAAAAAAAAAAAAAAAAA --yes");
    assert_eq!(other.code, 6, "{other:?}");
    let deleted = fleet.json("snapshot delete air backups/nightly --yes --wait --timeout 2m");
    assert_eq!(deleted["status"], "succeeded", "{deleted}");
    let listed = fleet.run("snapshot list air --repository backups -o name");
    assert_eq!(listed.stdout, "backups/foreign\n", "{listed:?}");
    let again = fleet.run("snapshot delete air backups/nightly --yes");
    assert_eq!(again.code, 4, "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_exit_codes_of_their_kind() {
    let fleet = Fleet::start("take").await;
    for (line, code, words) in [
        (
            "snapshot take air --repository nowhere",
            4,
            "clusters.snapshot.repository_not_found",
        ),
        ("snapshot take air --repository backups --name Bad", 1, "name"),
        (
            "snapshot show air backups/nothing",
            4,
            "clusters.snapshot.not_found",
        ),
        ("operation show nothing", 4, "operations.not_found"),
        (
            "snapshot take air --repository backups --name first --wait",
            0,
            "",
        ),
        (
            "snapshot take air --repository backups --name first",
            6,
            "clusters.snapshot.name_conflict",
        ),
        (
            "snapshot restore air backups/first --rename-suffix=-2",
            5,
            "operate",
        ),
        ("cluster detach air", 0, "detached"),
        ("cluster show air", 4, "air"),
    ] {
        let ran = fleet.run(line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.stderr.contains(words), "{line}: {}", ran.stderr);
    }
    assert_eq!(
        fleet.engine.snapshots("backups").len(),
        1,
        "detaching deletes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_survives_a_server_that_is_killed_and_started_again() {
    let fleet = Fleet::start("take").await;
    fleet.engine.set_progress(Progress::OnCommand);
    let line = format!(
        "snapshot take {} --repository backups --name long --wait --timeout 2m -o json",
        fleet.cluster
    );
    let mut command = tintype(&fleet.server.url(), &line);
    command.envs([
        ("TINTYPE_USER", "admin"),
        ("TINTYPE_PASSWORD", TintypeProcess::ADMIN_PASSWORD),
    ]);
    let mut child = command.spawn().unwrap();
    let mut said = Lines::new(&mut child);
    said.until("operation ");
    fleet.server.kill9();
    said.until("trying again");
    fleet.server.restart().await.unwrap();
    said.until("the server is back");
    fleet
        .engine
        .finish_snapshot("backups", "long", tintype_testkit::fake::SnapshotState::Success);
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 0, "{ran:?} {}", said.text);
    let operation: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(operation["outcome"]["good"], true, "{operation}");
    assert_eq!(fleet.engine.snapshots("backups").len(), 1);
}

/// Standard error of a running command, as it comes.
struct Lines {
    reader: std::io::BufReader<std::process::ChildStderr>,
    text: String,
}

impl Lines {
    fn new(child: &mut std::process::Child) -> Self {
        Self {
            reader: std::io::BufReader::new(child.stderr.take().unwrap()),
            text: String::new(),
        }
    }

    fn until(&mut self, words: &str) {
        while !self.text.contains(words) {
            let read = std::io::BufRead::read_line(&mut self.reader, &mut self.text).unwrap();
            assert_ne!(read, 0, "it ended without saying {words:?}: {}", self.text);
        }
    }
}
