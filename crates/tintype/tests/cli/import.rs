//! `import ece`, from the testkit's fake ECE, whose proxy forwards to fake engines.

use crate::scripted::{Ran, tintype};
use serde_json::{Value, json};
use tintype_testkit::certs::TestCa;
use tintype_testkit::ece::{FakeDeployment, FakeEce};
use tintype_testkit::fake::{Dialect, FakeEngine, Index, SnapshotState};
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

const KEY: &str = "ZWNlOmtleQ==";
const LOGS: &str = "0123456789abcdef0123456789abcdef";
const METRICS: &str = "fedcba9876543210fedcba9876543210";

/// An ECE with `logs`, which snapshots into `nightly`, `metrics`, which has no registration, and a stopped one.
struct World {
    ece: FakeEce,
    engines: [FakeEngine; 2],
    server: TintypeProcess,
}

impl World {
    async fn start(certificate: Option<&tintype_testkit::certs::CertPair>) -> Self {
        let ece = FakeEce::start(KEY, certificate).unwrap();
        let engines = [Dialect::Es8, Dialect::Es7].map(|dialect| FakeEngine::start(dialect).unwrap());
        engines[0].add_index("flights", Index::default());
        let own = json!({"type": "s3", "settings": {"bucket": "ece", "base_path": "snapshots/logs", "client": "found"}});
        engines[0].put_repository("found-snapshots", own);
        engines[0].add_snapshot("found-snapshots", "scheduled-1", SnapshotState::Success);
        let add = |id: &str, name: &str, cluster: &str, engine: &FakeEngine, status: &str| {
            ece.add(FakeDeployment {
                id: id.to_owned(),
                name: name.to_owned(),
                cluster_id: cluster.to_owned(),
                engine: engine.url(),
                status: status.to_owned(),
                snapshot_settings: json!({"enabled": true, "interval": "1 hour", "slm": true,
                    "retention": {"snapshots": 24, "max_age": "7 d"},
                    "repository": {"reference": {"repository_name": "nightly"}}}),
            });
        };
        add("d1", "logs", LOGS, &engines[0], "started");
        add("d2", "metrics", METRICS, &engines[1], "started");
        add(
            "d3",
            "old",
            "00000000000000000000000000000000",
            &engines[1],
            "stopped",
        );
        let s3 =
            json!({"type": "s3", "settings": {"bucket": "ece", "access_key": "AKIA", "region": "eu-west-1"}});
        ece.add_repository("nightly", s3);
        ece.add_repository("blobs", json!({"type": "hdfs", "settings": {"path": "c"}}));
        let server = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")));
        Self {
            server: server.await.unwrap(),
            ece,
            engines,
        }
    }

    /// The variables name the Tintype, the options the ECE.
    fn import(&self, more: &str) -> Ran {
        self.run(&format!(
            "import ece --url {} --api-key {KEY} {more}",
            self.ece.url()
        ))
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

    /// Nothing but reads reached the ECE, and the engines behind its proxy.
    fn only_reads(&self) {
        let engines = self.engines.iter().map(FakeEngine::faults);
        for faults in engines.chain([self.ece.faults()]) {
            let requests = faults.requests();
            assert!(!requests.is_empty());
            assert!(
                requests.iter().all(|request| request.method == "GET"),
                "{requests:?}"
            );
        }
    }
}

/// Kind, name and result of each row.
fn results(ran: &Ran) -> Vec<[String; 3]> {
    let rows: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| ["kind", "name", "result"].map(|member| text(row, member)))
        .collect()
}

fn expected(repository: &str, cluster: &str) -> Vec<[String; 3]> {
    [
        ["repository", "nightly", repository],
        ["repository", "blobs", "skipped"],
        ["cluster", "logs", cluster],
        ["cluster", "metrics", cluster],
        ["cluster", "old", "skipped"],
    ]
    .map(|row| row.map(str::to_owned))
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_attached_under_its_own_id_with_the_location_that_it_has() {
    let world = World::start(None).await;
    let dry = world.import("--dry-run -o json");
    assert_eq!(
        (dry.code, results(&dry)),
        (0, expected("would create", "would attach")),
        "{dry:?}"
    );
    assert_eq!(world.json("cluster list"), json!([]));

    let ran = world.import("-o json");
    assert_eq!(
        (ran.code, results(&ran)),
        (0, expected("created", "attached")),
        "{ran:?}"
    );
    let rows: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        rows[2]["snapshot_settings"]["retention"]["snapshots"], 24,
        "{rows}"
    );
    // Nothing to adopt on `metrics`: it is attached with the engine's name alone, and the report says why.
    let detail = rows[3]["detail"].as_str().unwrap();
    assert!(detail.contains("found-snapshots"), "{rows}");

    let logs = world.json(&format!("cluster show {LOGS}"));
    let proxy = format!(
        "{}/api/v1/deployments/d1/elasticsearch/main-elasticsearch/proxy",
        world.ece.url()
    );
    let shown = [
        "name",
        "access",
        "url",
        "repository",
        "engine_repository",
        "location",
    ]
    .map(|member| logs[member].clone());
    let wanted = [
        "logs",
        "observe",
        &proxy,
        "nightly",
        "found-snapshots",
        "snapshots/logs",
    ];
    assert_eq!(shown, wanted.map(Value::from), "{logs}");
    assert_eq!(logs["observation"]["snapshots"]["count"], 1, "{logs}");
    let metrics = world.json(&format!("cluster show {METRICS}"));
    assert_eq!(metrics["repository"], Value::Null, "{metrics}");
    let listed = world.run(&format!("snapshot list {LOGS} -o name"));
    assert_eq!(listed.stdout, "found-snapshots/scheduled-1\n", "{listed:?}");
    let repository = world.json("repository show nightly");
    assert_eq!(
        repository["settings"],
        json!({"bucket": "ece", "access_key": "AKIA", "region": "eu-west-1"})
    );

    let again = world.import("-o json");
    assert_eq!(
        (again.code, results(&again)),
        (0, expected("unchanged", "unchanged")),
        "{again:?}"
    );
    world.only_reads();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_own_authority_or_pinned_the_proxy_is_reached_over_tls() {
    let ca = TestCa::new().unwrap();
    let pair = ca.server().unwrap();
    for insecure in [false, true] {
        let world = World::start(Some(&pair)).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, ca.pem()).unwrap();
        let refused = world.import("-o json");
        assert_eq!(
            refused.code, 7,
            "an unknown authority is not trusted: {refused:?}"
        );
        let ran = match insecure {
            true => world.import("--insecure -o json"),
            false => world.import(&format!("--ca {} -o json", path.display())),
        };
        assert_eq!(ran.code, 0, "{ran:?}");
        let logs = world.json(&format!("cluster show {LOGS}"));
        let pinned = insecure
            .then(|| pair.fingerprint())
            .map_or(Value::Null, Value::from);
        assert_eq!(
            (&logs["fingerprint"], &logs["ca_set"]),
            (&pinned, &json!(!insecure)),
            "{logs}"
        );
        assert_eq!(logs["observation"]["reachable"], true, "{logs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_uses_the_engines_own_addresses() {
    let world = World::start(None).await;
    let ran = world.import("--direct");
    assert_eq!(ran.code, 0, "{ran:?}");
    let logs = world.json(&format!("cluster show {LOGS}"));
    assert_eq!(
        (&logs["url"], &logs["auth"]["type"]),
        (&json!(world.engines[0].url()), &json!("none")),
        "{logs}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_no_ece_end_before_anything_is_done() {
    let world = World::start(None).await;
    let wrong = world.run(&format!(
        "import ece --url {} --api-key d3Jvbmc=",
        world.ece.url()
    ));
    assert_eq!(wrong.code, 5, "{wrong:?}");
    let nowhere = world.run("import ece --api-key x");
    assert!(
        nowhere.code == 2 && nowhere.stderr.contains("which ECE"),
        "{nowhere:?}"
    );
    let keyless = world.run(&format!("import ece --url {}", world.ece.url()));
    assert_eq!(keyless.code, 2, "{keyless:?}");
    assert_eq!(world.json("cluster list"), json!([]));
}
