//! What the command line writes about secrets that it was given, rightly and wrongly.

use crate::{Fleet, canary};
use std::io::Write;
use std::process::{Command, Stdio};
use tintype_testkit::canary::find;
use tintype_testkit::tintype::TintypeProcess;

/// Arguments, environment and standard input; `{}` is the canary.
type Run = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
);

const KEY: &str = "TINTYPE_API_KEY";
const FILE: &[&str] = &["cluster", "attach", "--file", "-"];
const ECE: &[&str] = &["import", "ece", "--url", "http://127.0.0.1:9"];
const ADMIN: &[(&str, &str)] = &[("TINTYPE_USER", "admin"), ("TINTYPE_PASSWORD", "{admin}")];

#[rustfmt::skip]
const RUNS: &[Run] = &[
    (&["cluster", "list", "--api-key", "{}"], &[], ""),
    (&["cluster", "list", "--user", "admin", "--pass", "{}"], &[], ""),
    (&["cluster", "list"], &[(KEY, "{}")], ""),
    (&["cluster", "list"], &[("TINTYPE_USER", "admin"), ("TINTYPE_PASSWORD", "{}")], ""),
    (&["cluster", "list"], &[("EC_API_KEY", "{}")], ""),
    (&["cluster", "list", "--url", "http://admin:{}@127.0.0.1:9"], &[], ""),
    (&["config", "show"], &[("TINTYPE_ADMIN__PASSWORD", "{}")], ""),
    (&["audit", "list", "--since", "{}"], &[], ""),
    (&["login", "--user", "admin"], &[("TINTYPE_PASSWORD", "{}")], ""),
    (&["user", "create", "a!b"], &[("TINTYPE_NEW_PASSWORD", "{}"), ADMIN[0], ADMIN[1]], ""),
    (&["webhook", "create", "https://u:{}@hooks.example/x"], ADMIN, ""),
    (ECE, &[("EC_API_KEY", "{}")], ""),
    (ECE, &[("EC_USER", "u"), ("EC_PASS", "{}")], ""),
    (&["import", "ece", "--url", "http://u:{}@127.0.0.1:9"], &[("EC_API_KEY", "x")], ""),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"basic","username":"u","password":"{}"}}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"api_key","api_key":"{}"}}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"bearer","token":["{}"]}}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"basic","username":"u","pasword":"{}"}}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","access":"observe","auth":"{}"}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","access":"observe","auth":{"type":"basic","username":"u","password_env":"{}"}}]"#),
    (FILE, ADMIN, r#"[{"url":"http://u:{}@127.0.0.1:9","access":"observe"}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","password":"{}"}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","{}":"x"}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","auth":{"type":"{}"}}]"#),
    (FILE, ADMIN, r#"[{"url":"http://127.0.0.1:9","auth":{"type":"basic","{}":"x"}}]"#),
    (FILE, ADMIN, r#"[{"url":"{}"}]"#),
    (FILE, ADMIN, r#"{"{}":[]}"#),
    (FILE, ADMIN, r#""{}""#),
    (FILE, ADMIN, "- auth: {password: '{}"),
];

#[tokio::test]
async fn the_command_line_repeats_no_secret() {
    let fleet = Fleet::start().await;
    for (number, (args, env, input)) in RUNS.iter().enumerate() {
        let canary = canary(1000 + number);
        fleet.server.keep_secret(&canary);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tintype"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TINTYPE_"))
        {
            command.env_remove(name);
        }
        let mut child = command
            .args(args.iter().map(|arg| arg.replace("{}", &canary)))
            .env("TINTYPE_URL", fleet.server.url())
            .env("XDG_CONFIG_HOME", fleet.server.dir())
            .envs(env.iter().map(|(name, value)| {
                let value = value.replace("{admin}", TintypeProcess::ADMIN_PASSWORD);
                (name, value.replace("{}", &canary))
            }))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that reads nothing may have ended.
        let _ = child
            .stdin
            .take()
            .unwrap()
            .write_all(input.replace("{}", &canary).as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(!output.status.success(), "{args:?} {env:?}");
        assert_eq!(
            find(&said, &canary),
            None,
            "{args:?}: {}",
            String::from_utf8_lossy(&said)
        );
    }
    let leaks = fleet.server.leaks();
    assert!(leaks.is_empty(), "{leaks:?}");
}
