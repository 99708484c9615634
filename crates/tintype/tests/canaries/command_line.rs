//! What the command line writes about secrets that it was given, rightly and wrongly.

use crate::{Fleet, canary};
use std::process::Command;
use tintype_testkit::canary::find;

/// Arguments and environment; `{}` is the canary.
type Run = (&'static [&'static str], &'static [(&'static str, &'static str)]);

const RUNS: &[Run] = &[
    (&["cluster", "list", "--api-key", "{}"], &[]),
    (&["cluster", "list", "--user", "admin", "--pass", "{}"], &[]),
    (&["cluster", "list"], &[("TINTYPE_API_KEY", "{}")]),
    (
        &["cluster", "list"],
        &[("TINTYPE_USER", "admin"), ("TINTYPE_PASSWORD", "{}")],
    ),
    (&["cluster", "list"], &[("EC_API_KEY", "{}")]),
    (&["cluster", "list", "--url", "http://admin:{}@127.0.0.1:9"], &[]),
    (&["config", "show"], &[("TINTYPE_ADMIN__PASSWORD", "{}")]),
    (&["audit", "list", "--since", "{}"], &[]),
];

#[tokio::test]
async fn the_command_line_repeats_no_secret() {
    let fleet = Fleet::start().await;
    for (number, (args, env)) in RUNS.iter().enumerate() {
        let canary = canary(1000 + number);
        fleet.server.keep_secret(&canary);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tintype"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TINTYPE_"))
        {
            command.env_remove(name);
        }
        let output = command
            .args(args.iter().map(|arg| arg.replace("{}", &canary)))
            .env("TINTYPE_URL", fleet.server.url())
            .envs(
                env.iter()
                    .map(|(name, value)| (name, value.replace("{}", &canary))),
            )
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(!output.status.success(), "{args:?} {env:?}");
        assert_eq!(
            find(&said, &canary),
            None,
            "{args:?}: {}",
            String::from_utf8_lossy(&said)
        );
    }
}
