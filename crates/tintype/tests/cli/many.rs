//! `cluster attach -f`: every cluster by itself, on fake engines.

use crate::scripted::{Ran, tintype};
use serde_json::{Value, json};
use tintype_testkit::fake::{Dialect, FakeEngine, FakeHost};
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

/// A server, and engines of which `stranger` refuses without its password.
struct Fleet {
    server: TintypeProcess,
    engines: Vec<FakeEngine>,
    dir: tempfile::TempDir,
}

impl Fleet {
    async fn start() -> Self {
        let host = FakeHost::start().unwrap();
        let engines: Vec<_> = ["a", "b", "stranger"]
            .map(|name| host.add(name, Dialect::Os2))
            .into();
        engines[2].require_authorization("Basic dTpodW50ZXIy");
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("password"), "hunter2\n").unwrap();
        let server = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")));
        Self {
            server: server.await.unwrap(),
            engines,
            dir,
        }
    }

    fn list(&self, password_file: &str) -> Value {
        let auth = json!({"type": "basic", "username": "u", "password_file": password_file});
        json!([
            {"url": self.engines[0].url(), "id": "a", "name": "first", "access": "take"},
            {"url": self.engines[1].url()},
            {"url": self.engines[2].url(), "id": "stranger", "auth": auth},
        ])
    }

    fn attach(&self, list: &Value, more: &str) -> Ran {
        let path = self.dir.path().join("clusters.json");
        std::fs::write(&path, list.to_string()).unwrap();
        self.run(&format!("cluster attach -f {} {more}", path.display()))
    }

    fn run(&self, line: &str) -> Ran {
        let mut command = tintype(&self.server.url(), line);
        let command = command.envs([
            ("TINTYPE_USER", "admin"),
            ("TINTYPE_PASSWORD", TintypeProcess::ADMIN_PASSWORD),
        ]);
        command.output().unwrap().into()
    }

    fn attached(&self) -> usize {
        let ran = self.run("cluster list -o name");
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.stdout.lines().count()
    }
}

fn results(ran: &Ran) -> Vec<String> {
    let rows: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["result"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_attached_by_itself_and_again_is_unchanged() {
    let fleet = Fleet::start().await;
    let list = fleet.list("password");

    let dry = fleet.attach(&list, "--dry-run -o json");
    assert_eq!(
        (dry.code, results(&dry)),
        (0, vec!["would attach".to_owned(); 3]),
        "{dry:?}"
    );
    assert_eq!(fleet.attached(), 0);
    assert!(
        fleet
            .engines
            .iter()
            .all(|engine| engine.faults().requests().is_empty())
    );

    std::fs::write(fleet.dir.path().join("wrong"), "wrong\n").unwrap();
    let some = fleet.attach(&fleet.list("wrong"), "-o json");
    assert_eq!(
        (some.code, results(&some)),
        (1, vec!["attached".into(), "attached".into(), "failed".into()])
    );
    let rows: Value = serde_json::from_str(&some.stdout).unwrap();
    let detail = rows[2]["detail"].as_str().unwrap();
    assert!(detail.starts_with("auth") && rows[2]["row"] == 3, "{rows}");
    assert_eq!(fleet.attached(), 2);

    let rest = fleet.attach(&list, "--parallel 1 -o json");
    assert_eq!(
        (rest.code, results(&rest)),
        (0, vec!["unchanged".into(), "unchanged".into(), "attached".into()])
    );
    let again = fleet.attach(&list, "");
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.stdout.matches("unchanged").count(), 3, "{}", again.stdout);
    for ran in [&dry, &some, &rest, &again] {
        assert!(!format!("{ran:?}").contains("hunter2"));
    }
    let changed = fleet.engines.iter().flat_map(|engine| engine.faults().requests());
    assert!(changed.into_iter().all(|request| request.method == "GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_wrong_row_nothing_is_attached() {
    let fleet = Fleet::start().await;
    let mut list = fleet.list("password");
    list[1]["locaton"] = "x".into();
    let ran = fleet.attach(&list, "");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("row 2") && ran.stderr.contains("locaton"),
        "{}",
        ran.stderr
    );
    assert_eq!(fleet.attached(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_attached_at_another_address_is_not_moved() {
    let fleet = Fleet::start().await;
    let row = |engine: usize, id: &str| json!([{"url": fleet.engines[engine].url(), "id": id}]);
    assert_eq!(fleet.attach(&row(0, "a"), "").code, 0);
    let moved = fleet.attach(&row(1, "a"), "");
    assert!(
        moved.code == 1 && moved.stdout.contains("attached already, at"),
        "{moved:?}"
    );
    let renamed = fleet.attach(&row(0, "other"), "");
    assert!(
        renamed.code == 1 && renamed.stdout.contains("as cluster a"),
        "{renamed:?}"
    );
    assert_eq!(fleet.attached(), 1);
}
