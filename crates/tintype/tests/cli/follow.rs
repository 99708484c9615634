//! `--wait` and `operation watch`.

use crate::scripted::{CLUSTER, Ran, Reply, Scripted, json, run, tintype};
use serde_json::{Value, json as value};
use std::io::{BufRead, BufReader, Read};
use std::process::Command;

fn started() -> Reply {
    Reply::Answer(
        202,
        vec![("x-tintype-operation", "op-1".into())],
        r#"{"name":"nightly"}"#.into(),
    )
}

fn running(done: u64) -> Value {
    value!({"id": "op-1", "kind": "take_snapshot", "status": "running", "progress": {"phase": "running",
        "bytes": {"done": done, "total": 4096}, "files": {"done": 1, "total": 2},
        "shards": {"total": 1, "done": 0, "failed": 0}}})
}

fn ended(status: &str, good: bool) -> Value {
    value!({"id": "op-1", "kind": "take_snapshot", "status": status,
        "outcome": {"name": "nightly", "state": if good { "SUCCESS" } else { "PARTIAL" }, "good": good, "notes": ["1 of 2 shards"]}})
}

/// A take is accepted; then each look gets the next of these, and the last for ever.
fn taking(looks: Vec<Value>) -> Scripted {
    Scripted::start(move |request, before| match request.line.starts_with("POST") {
        true => started(),
        false => json(200, looks[before.saturating_sub(1).min(looks.len() - 1)].clone()),
    })
}

fn take(flags: &str) -> String {
    format!("snapshot take {CLUSTER} --wait {flags}")
}

#[test]
fn wait_follows_the_operation_to_a_good_end() {
    let server = taking(vec![
        value!({"id": "op-1", "status": "queued", "queue_position": 2}),
        ended("succeeded", true),
    ]);
    let ran = run(&server.url, &take("-o json"));
    assert_eq!(ran.code, 0, "{ran:?}");
    let operation: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(operation["outcome"]["good"], true);
    assert_eq!(
        ran.stderr,
        "snapshot nightly: operation op-1\nqueued behind 2\noperation op-1 succeeded\n"
    );
    assert_eq!(
        server.lines()[1..],
        [
            "GET /api/tintype/v1/operations/op-1",
            "GET /api/tintype/v1/operations/op-1"
        ]
    );
}

#[test]
fn an_end_that_is_not_good_is_3() {
    let failed =
        value!({"id": "op-1", "status": "failed", "failure": {"kind": "vanished", "message": "disk full"}});
    for (end, words) in [
        (failed, "vanished: disk full"),
        (ended("succeeded", false), "PARTIAL"),
        (ended("cancelled", true), "cancelled"),
    ] {
        let ran = run(&taking(vec![end]).url, &take(""));
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(
            ran.stderr.lines().last().unwrap().contains(words),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn ndjson_has_a_line_per_change_and_quiet_has_no_progress() {
    let server = taking(vec![
        running(0),
        running(0),
        running(2048),
        ended("succeeded", true),
    ]);
    let ran = run(&server.url, &take("-o ndjson --quiet"));
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, [running(0), running(2048), ended("succeeded", true)]);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_timeout_is_124_and_the_operation_goes_on() {
    let ran = run(&taking(vec![running(0)]).url, &take("--timeout 1s"));
    assert_eq!(ran.code, 124, "{ran:?}");
    assert!(ran.stderr.contains("operation op-1 goes on"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("0 B of 4.00 KiB, 1 of 2 files, 0 of 1 shards\n"),
        "{}",
        ran.stderr
    );
    assert!(
        !ran.stderr.contains('\u{1b}'),
        "no terminal, no escapes: {:?}",
        ran.stderr
    );
}

#[test]
fn a_server_that_restarts_is_waited_for_and_said_once() {
    let server = Scripted::start(
        |request, before| match (request.line.starts_with("POST"), before) {
            // The take itself and then two looks get no answer.
            (true, 0) | (false, 2 | 3) => Reply::Drop,
            (true, _) => started(),
            (false, 4) => json(503, value!({"errors": [{"code": "busy", "message": "starting"}]})),
            (false, _) => json(200, ended("succeeded", true)),
        },
    );
    let ran = run(&server.url, &take(""));
    assert_eq!(ran.code, 0, "{ran:?}");
    let keys: Vec<_> = server.received()[..2]
        .iter()
        .map(|r| r.headers["idempotency-key"].clone())
        .collect();
    assert_eq!(keys[0], keys[1], "the take is repeated under the same key");
    assert_eq!(
        ran.stderr.matches("trying again").count(),
        2,
        "once per outage: {}",
        ran.stderr
    );
    assert_eq!(
        ran.stderr.matches("the server is back").count(),
        2,
        "{}",
        ran.stderr
    );
}

#[test]
fn a_restore_whose_answer_is_lost_is_not_sent_twice() {
    let server = Scripted::start(|_, _| Reply::Drop);
    let ran = run(&server.url, &format!("snapshot restore {CLUSTER} r/s --wait"));
    assert_eq!((ran.code, server.lines().len()), (7, 1));
}

#[test]
fn ctrl_c_leaves_the_operation_alone_and_says_its_id() {
    let server = taking(vec![running(0)]);
    let mut child = tintype(&server.url, &take("")).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("op-1") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    stderr.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("operation op-1 goes on") && said.contains("tintype operation watch op-1"),
        "{said}"
    );
    assert!(server.lines().iter().all(|line| !line.contains("_cancel")));
}

#[test]
fn watch_follows_what_runs_already() {
    let server = Scripted::start(|_, before| {
        json(
            200,
            if before < 1 {
                running(0)
            } else {
                ended("succeeded", true)
            },
        )
    });
    let ran: Ran = run(&server.url, "operation watch op-1");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("SUCCESS"), "{}", ran.stdout);
    let gone = Scripted::start(|_, _| {
        json(
            404,
            value!({"errors": [{"code": "operation_not_found", "message": "no"}]}),
        )
    });
    assert_eq!(run(&gone.url, "operation watch op-1").code, 4);
}
