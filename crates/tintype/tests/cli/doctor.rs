//! `tintype doctor`.

use crate::scripted::{CLUSTER, Scripted, json, run};
use serde_json::{Value, json as value};

/// A server with one cluster, examined with this result; only reads are allowed to the caller unless `may_write`.
fn server(access: &'static str, findings: Value, may_write: bool) -> Scripted {
    Scripted::start(move |request, _| {
        let cluster = value!({"id": CLUSTER, "name": "logs", "access": access});
        let forbidden = || {
            json(
                403,
                value!({"errors": [{"code": "root.unauthorized.rbac", "message": "no"}]}),
            )
        };
        let (method, path) = request.line.split_once(' ').unwrap();
        match (
            method,
            path.split('?').next().unwrap().rsplit('/').next().unwrap(),
        ) {
            (_, "doctor") if !may_write => forbidden(),
            ("POST", "_doctor") if !may_write => forbidden(),
            (_, "doctor") => json(200, value!({"findings": []})),
            (_, "_doctor") => json(200, value!({"findings": findings})),
            (_, "clusters") => json(200, value!({"total": 1, "clusters": [cluster]})),
            _ => json(200, cluster),
        }
    })
}

fn finding(severity: &str) -> Value {
    value!({"severity": severity, "check": "clock", "subject": "node-1", "message": "it is wrong", "remedy": "set it"})
}

#[test]
fn what_is_wrong_is_exit_code_3_and_a_note_is_not() {
    let ran = run(
        &server("observe", value!([finding("warning")]), true).url,
        "doctor",
    );
    let expected = "\
this server
  nothing is wrong

logs
  warning  clock: node-1: it is wrong
           → set it

This server and 1 clusters: 0 errors, 1 warning, 0 notes.
";
    assert_eq!((ran.code, ran.stdout.as_str()), (3, expected), "{ran:?}");
    assert_eq!(
        run(&server("observe", value!([finding("note")]), true).url, "doctor").code,
        0
    );
}

#[test]
fn repositories_are_verified_only_where_that_is_allowed() {
    let asked = |server: &Scripted, line: &str| {
        assert_eq!(run(&server.url, line).code, 0);
        let lines = server.lines().into_iter().filter(|line| line.contains("_doctor"));
        lines
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let line = format!("doctor {CLUSTER}");
    assert_eq!(asked(&server("operate", value!([]), true), &line), ["POST"]);
    assert_eq!(
        asked(
            &server("operate", value!([]), true),
            &format!("{line} --no-verify")
        ),
        ["GET"]
    );
    assert_eq!(asked(&server("take", value!([]), true), &line), ["GET"]);
    assert_eq!(
        asked(&server("operate", value!([]), false), &line),
        ["POST", "GET"]
    );
}

#[test]
fn the_other_formats_are_for_programs() {
    let server = server("observe", value!([finding("error")]), true);
    let ran = run(&server.url, "doctor -o json");
    let all: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code, &all[1]["findings"][0]["severity"]),
        (3, &value!("error"))
    );
    assert_eq!(run(&server.url, "doctor -o name").stdout, format!("{CLUSTER}\n"));
}
