//! Data on standard output.

use crate::scripted::{CLUSTER, Scripted, json, run, tintype};
use serde_json::{Value, json as value};

fn fleet() -> Scripted {
    Scripted::start(|_, _| {
        json(
            200,
            value!({"total": 2, "clusters": [
                {"id": "a", "name": "logs", "distribution": "opensearch", "engine_version": "2.19.0",
                 "access": "observe", "member_of_a_later_version": 1,
                 "observation": {"reachable": true, "health": "green", "last_good_age_seconds": 90,
                                 "snapshots": {"count": 3}}},
                {"id": "b", "name": "shop", "distribution": "elasticsearch", "engine_version": "8.17.0",
                 "access": "operate", "observation": null},
            ]}),
        )
    })
}

#[test]
fn the_table_is_for_people() {
    let ran = run(&fleet().url, "cluster list");
    let expected = "\
NAME  ID  ENGINE                ACCESS   HEALTH        SNAPSHOTS  LAST GOOD
logs  a   opensearch 2.19.0     observe  green         3          1m 30s ago
shop  b   elasticsearch 8.17.0  operate  not seen yet  -          never
";
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, expected, "")
    );
}

#[test]
fn the_other_formats_are_for_programs() {
    let url = fleet().url;
    let stdout = |format: &str| run(&url, &format!("cluster list -o {format}")).stdout;
    let json: Value = serde_json::from_str(&stdout("json")).unwrap();
    assert_eq!(json[0]["member_of_a_later_version"], 1);
    let yaml: Value = serde_yaml_ng::from_str(&stdout("yaml")).unwrap();
    assert_eq!(yaml, json);
    let ndjson: Vec<Value> = stdout("ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::Array(ndjson), json);
    assert_eq!(stdout("name"), "a\nb\n");
}

#[test]
fn snapshots_are_named_so_that_show_takes_them() {
    let server = Scripted::start(|_, _| {
        json(
            200,
            value!({"snapshots": [{"repository": "r", "name": "s", "state": "SUCCESS", "indices": ["a", "b"],
            "shards": {"total": 2, "done": 2, "failed": 0}, "good": true,
            "start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:01:05Z"}]}),
        )
    });
    let names = run(&server.url, &format!("snapshot list {CLUSTER} -o name")).stdout;
    assert_eq!(names, "r/s\n");
    let table = run(&server.url, &format!("snapshot list {CLUSTER} --repository r")).stdout;
    assert!(
        table.contains("SUCCESS  yes   2        2 of 2  2026-01-01T00:00:00Z  1m 5s"),
        "{table}"
    );
    let path = format!("GET /api/tintype/v1/clusters/{CLUSTER}/snapshots");
    assert_eq!(server.lines(), [path.clone(), format!("{path}?repository=r")]);
}

#[test]
fn completion_scripts_know_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run("http://127.0.0.1:1", &format!("completion {shell}"));
        assert_eq!(ran.code, 0);
        assert!(
            ran.stdout.contains("snapshot") && ran.stdout.contains("restore"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = tintype("http://127.0.0.1:1", "completion bash").spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn the_version_needs_no_server() {
    let ran = run("http://127.0.0.1:1", "version -o json");
    let version: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let both = Scripted::start(|_, _| json(200, value!({"version": "9.9.9", "region": "ece-region"})));
    assert!(
        run(&both.url, "version --server")
            .stdout
            .contains("server 9.9.9 (region ece-region)")
    );
}

#[test]
fn the_effective_configuration_is_shown() {
    let ran = run("", "config show --data-dir /somewhere --listen 127.0.0.1:1234");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("listen = \"127.0.0.1:1234\"") && ran.stdout.contains("/somewhere"),
        "{}",
        ran.stdout
    );
    let json = run("", "config show --data-dir /somewhere -o json");
    let config: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(config["server"]["data_dir"], "/somewhere");
    assert_eq!(run("", "config show --log-level a=b=c --listen nonsense").code, 2);
}
