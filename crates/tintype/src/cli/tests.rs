//! The command line as a whole.

use super::*;
use clap::error::ErrorKind;

fn parse(line: &str) -> std::result::Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

#[test]
fn what_the_readme_and_ecctl_s_users_type_is_understood() {
    for line in [
        "tintype serve --data-dir /d --listen 127.0.0.1:0 --log-format json",
        "tintype cluster attach http://127.0.0.1:9200 --id 0123456789abcdef0123456789abcdef --access operate --adopt",
        "tintype cluster attach https://e:9200 --engine-user u --engine-password-file p --fingerprint aa --engine-ca c",
        "tintype cluster update c --unset location,repository --repin",
        "tintype snapshot take c --name n --repository r --wait --timeout 30m",
        "tintype --host https://t:9400 --api-key k --insecure snapshot take c --track -o json",
        "tintype snapshot take c --user u --pass p --username s3 --password-file f --idempotency-key k",
        "tintype snapshot show c r/s --runbook",
        "tintype snapshot delete c r s --uuid u --yes --wait",
        "tintype cluster attach -f clusters.yaml --dry-run --parallel 4 -o ndjson",
        "tintype import ece --url https://ece:12443 --api-key k --insecure --dry-run -o json",
        "tintype import ece --url https://ece:12443 --api-key-file k --ca c --into http://127.0.0.1:9400 --direct --engine-user u",
        "tintype snapshot restore c r s --index a,b --index c* --rename-prefix restored- --rename a=b --wait",
        "tintype repository set r --type fs --location /backups --default --reader-url file:///backups",
        "tintype repository reader set r --reader-url s3://b/p --reader-user u --reader-password-file f",
        "tintype repository register c r --wait",
        "tintype operation list --cluster c --kind take_snapshot --status running --limit 5 -o ndjson",
        "tintype operation cancel o --wait -q",
        "tintype login --user admin --pass-file f",
        "tintype logout",
        "tintype elevate 123456",
        "tintype elevate --end",
        "tintype totp enrol --password-file f",
        "tintype totp confirm 123456",
        "tintype totp remove --code 123456 -y",
        "tintype totp remove --of bob --yes",
        "tintype init --remove-admin-totp",
        "tintype apikey create --description ci --key-only",
        "tintype completion zsh",
        "tintype role show take",
        "tintype config show --config x.toml",
        "tintype version --server --output yaml",
    ] {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (line, kind) in [
        ("tintype snapshot take c --timeout 1d", ErrorKind::ValueValidation),
        (
            "tintype repository verify /r --attestation f --trusted-key k --rate 1MB",
            ErrorKind::ArgumentConflict,
        ),
        (
            "tintype repository verify /r --attestation f --trusted-key k --estimate",
            ErrorKind::ArgumentConflict,
        ),
        ("tintype snapshot take c -o xml", ErrorKind::InvalidValue),
        (
            "tintype --api-key k --user u cluster list",
            ErrorKind::ArgumentConflict,
        ),
        (
            "tintype --ca f --insecure cluster list",
            ErrorKind::ArgumentConflict,
        ),
        ("tintype cluster attach", ErrorKind::MissingRequiredArgument),
        (
            "tintype cluster attach -f x --access take",
            ErrorKind::ArgumentConflict,
        ),
        ("tintype snapshot delete c r/s --uuid=", ErrorKind::InvalidValue),
        (
            "tintype cluster attach http://e --access all",
            ErrorKind::InvalidValue,
        ),
        (
            "tintype cluster attach http://e --engine-user u --engine-bearer-file t",
            ErrorKind::ArgumentConflict,
        ),
        (
            "tintype cluster attach http://e --engine-cert c",
            ErrorKind::MissingRequiredArgument,
        ),
        ("tintype snapshot show c", ErrorKind::MissingRequiredArgument),
        (
            "tintype operation",
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ),
    ] {
        assert_eq!(parse(line).unwrap_err().kind(), kind, "{line}");
    }
}

#[test]
fn every_verb_and_every_option_says_what_it_is() {
    fn check(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} has no description");
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{path}: {} has no description",
                argument.get_id()
            );
        }
        command.get_subcommands().for_each(|sub| check(sub, &path));
    }
    check(&command(), "");
}

#[test]
fn no_secret_shows_in_debug() {
    let cli =
        parse("tintype --api-key hidden cluster attach http://e --engine-user u --engine-password hidden")
            .unwrap();
    assert!(!format!("{cli:?}").contains("hidden"));
}
