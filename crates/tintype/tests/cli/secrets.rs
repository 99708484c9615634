//! Secrets reach the server and nothing else.

use crate::scripted::{CLUSTER, Ran, Scripted, json, run, tintype};
use serde_json::json as value;
use std::path::PathBuf;

/// Names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A directory with the file `secret`.
fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

#[test]
fn credentials_come_from_flags_files_and_variables() {
    let (_dir, path) = file("hidden\n");
    let path = path.to_str().unwrap();
    let basic = "Basic dTpoaWRkZW4=";
    let table: [(&str, Variables, &str); 7] = [
        ("--api-key hidden", &[], "ApiKey hidden"),
        (&format!("--api-key-file {path}"), &[], "ApiKey hidden"),
        ("", &[("TINTYPE_API_KEY_FILE", path)], "ApiKey hidden"),
        ("", &[("EC_API_KEY", "hidden")], "ApiKey hidden"),
        (&format!("--user u --pass-file {path}"), &[], basic),
        (
            "",
            &[("TINTYPE_USER", "u"), ("TINTYPE_PASSWORD_FILE", path)],
            basic,
        ),
        ("", &[("EC_USER", "u"), ("EC_PASS", "hidden")], basic),
    ];
    let server = Scripted::start(|_, _| json(200, value!({"clusters": [], "total": 0})));
    for (index, (flags, variables, header)) in table.into_iter().enumerate() {
        let mut command = tintype(&server.url, &format!("{flags} cluster list"));
        let ran: Ran = command.envs(variables.iter().copied()).output().unwrap().into();
        assert_eq!(ran.code, 0, "{flags} {variables:?}: {ran:?}");
        assert_eq!(server.received()[index].headers["authorization"], header);
        assert!(!format!("{ran:?}").contains("hidden"));
    }
}

#[test]
fn ece_s_own_variable_names_the_server() {
    let server = Scripted::start(|_, _| json(200, value!({"clusters": [], "total": 0})));
    let mut command = tintype("", "cluster list");
    let output = command
        .env_remove("TINTYPE_URL")
        .env("EC_HOST", &server.url)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn secrets_in_a_request_are_never_printed_whatever_the_answer() {
    let (_dir, path) = file("hidden\n");
    let path = path.display();
    let lines = [
        format!("cluster attach http://e --engine-user u --engine-password-file {path}"),
        format!("cluster update {CLUSTER} --engine-api-key-file {path}"),
        format!("snapshot take {CLUSTER} --username u --password-file {path}"),
        format!("repository set r --type s3 --bucket b --access-key a --secret-key-file {path}"),
        format!("repository reader set r --reader-url s3://b --reader-user u --reader-password-file {path}"),
        format!("user create jane --role ece_platform_viewer --password-file {path}"),
        format!("user password jane --password-file {path}"),
        format!("user password --password-file {path}"),
    ];
    for status in [200, 400, 500] {
        for line in &lines {
            let server = Scripted::start(move |_, _| {
                json(status, value!({"errors": [{"code": "c", "message": "m"}]}))
            });
            for format in ["table", "json"] {
                let ran = run(&server.url, &format!("--api-key hidden {line} -o {format}"));
                assert!(!format!("{ran:?}").contains("hidden"), "{line}: {ran:?}");
            }
            let body = server.received()[0].body.to_string();
            assert!(body.contains("hidden"), "{line} sent {body}");
        }
    }
}

#[test]
fn a_key_file_that_is_missing_or_empty_is_a_usage_error() {
    let (_dir, path) = file("\n");
    let empty = run(
        "http://127.0.0.1:1",
        &format!("--api-key-file {} cluster list", path.display()),
    );
    assert_eq!(empty.code, 2);
    assert!(
        empty.stderr.contains("--api-key-file") && empty.stderr.contains("empty"),
        "{}",
        empty.stderr
    );
    let missing = run("http://127.0.0.1:1", "--api-key-file not/here cluster list");
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("not/here"), "{}", missing.stderr);
}

#[test]
fn a_new_key_is_on_standard_output_alone() {
    let server =
        Scripted::start(|_, _| json(201, value!({"id": "i", "key": "tt_i_secret", "description": "d"})));
    let ran = run(&server.url, "apikey create --key-only");
    assert_eq!(ran.stdout, "tt_i_secret\n");
    assert!(
        !ran.stderr.contains("secret") && ran.stderr.contains("only now"),
        "{}",
        ran.stderr
    );
}
