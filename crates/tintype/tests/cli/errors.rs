//! Exit codes and error messages.

use crate::scripted::{Reply, Scripted, json, run};
use serde_json::{Value, json as value};
use std::net::TcpListener;

fn failing(status: u16) -> Scripted {
    let errors =
        value!({"errors": [{"code": "a.code", "message": "what is wrong", "fields": ["body.name"]}]});
    Scripted::start(move |_, _| json(status, errors.clone()))
}

#[test]
fn each_status_has_its_exit_code_and_nothing_is_on_standard_output() {
    let table = [
        (400, 1),
        (401, 5),
        (403, 5),
        (404, 4),
        (409, 6),
        (412, 6),
        (449, 5),
        (500, 1),
        (503, 7),
    ];
    for (status, code) in table {
        let ran = run(&failing(status).url, "--api-key k operation show op-1");
        assert_eq!(ran.code, code, "HTTP {status}: {ran:?}");
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.stderr, "error: a.code: what is wrong (fields: body.name)\n");
    }
}

#[test]
fn json_errors_are_one_document_on_standard_error() {
    let ran = run(&failing(409).url, "operation show op-1 -o json");
    let document: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(document["errors"][0]["code"], "a.code");
    assert_eq!(document["errors"][0]["fields"], value!(["body.name"]));
    assert_eq!(document["exit_code"], 6);
}

#[test]
fn a_refusal_without_credentials_says_how_to_give_some() {
    let ran = run(&failing(401).url, "cluster list");
    assert!(ran.stderr.contains("TINTYPE_API_KEY"), "{}", ran.stderr);
}

#[test]
fn a_server_that_is_not_there_is_7() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ran = run(&url, "cluster list");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(
        ran.stderr.contains(&url) && ran.stderr.contains("refused"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_broken_answer_is_7_and_a_late_one_is_124() {
    let broken = Scripted::start(|_, _| Reply::Drop);
    assert_eq!(run(&broken.url, "cluster list").code, 7);
    let late = Scripted::start(|_, _| Reply::Hang);
    let ran = run(&late.url, "cluster list --timeout 300ms");
    assert_eq!(ran.code, 124, "{ran:?}");
}

#[test]
fn what_is_not_the_api_is_said_so() {
    let page = Scripted::start(|_, _| Reply::Answer(200, vec![], "<html>hello</html>".into()));
    let ran = run(&page.url, "cluster list");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("does not speak"), "{}", ran.stderr);
    let proxy = Scripted::start(|_, _| Reply::Answer(502, vec![], "<h1>Bad\u{1b}[31m gateway</h1>".into()));
    let ran = run(&proxy.url, "cluster list");
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (7, "error: http.502: <h1>Bad\\u{1b}[31m gateway</h1>\n")
    );
}

#[test]
fn redirects_are_not_followed() {
    let other = Scripted::start(|_, _| json(200, value!({"clusters": []})));
    let target = other.url.clone();
    let redirecting =
        Scripted::start(move |_, _| Reply::Answer(302, vec![("location", target.clone())], String::new()));
    let ran = run(&redirecting.url, "--api-key hidden cluster list");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(&other.url), "{}", ran.stderr);
    assert_eq!(other.lines(), Vec::<String>::new());
}

#[test]
fn usage_errors_are_2_and_ask_nothing_of_the_server() {
    let server = failing(500);
    let lines = [
        "cluster",
        "snapshot take",
        "snapshot show c no-slash",
        "cluster attach http://user:hidden@engine",
        "cluster update c",
        "cluster list --ca not/here",
        "operation show ..",
        "repository set r",
        "--pass p cluster list",
        "--user u cluster list",
        "cluster attach http://engine --engine-user u",
    ];
    for line in lines {
        let ran = run(&server.url, line);
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        assert!(!ran.stderr.contains("hidden"), "{line}: {}", ran.stderr);
    }
    assert_eq!(server.lines(), Vec::<String>::new());
}
