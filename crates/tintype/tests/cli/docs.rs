//! docs/cli.md is the truth: its command reference is generated, its exit codes are those of the code.

use clap::Command;
use std::fmt::Write;
use std::path::Path;
use tintype::cli::error::CliError;

const BEGIN: &str =
    "<!-- generated from the command line: TINTYPE_UPDATE=1 cargo test -p tintype --test cli docs -->\n";

fn reference() -> String {
    let mut root = tintype::cli::command();
    root.build();
    let mut text = String::from("\n### Options of every command\n\n");
    options(&mut text, root.get_arguments());
    leaves(&mut text, &root);
    text
}

fn leaves(text: &mut String, command: &Command) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        if sub.has_subcommands() {
            leaves(text, sub);
            continue;
        }
        let positional: String = sub
            .get_positionals()
            .map(|argument| format!(" {argument}"))
            .collect();
        let name = sub.get_bin_name().unwrap();
        let about = sub.get_about().unwrap();
        write!(text, "\n### {name}\n\n`{name}{positional}`: {about}.\n").unwrap();
        let own: Vec<_> = sub
            .get_arguments()
            .filter(|argument| !argument.is_global_set())
            .collect();
        if !own.is_empty() {
            text.push('\n');
        }
        options(text, own.into_iter());
    }
}

fn options<'a>(text: &mut String, arguments: impl Iterator<Item = &'a clap::Arg>) {
    for argument in arguments.filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version")) {
        let short = argument
            .get_short()
            .map(|short| format!("`-{short}`, "))
            .unwrap_or_default();
        let aliases = argument.get_visible_aliases().unwrap_or_default();
        let aliases: String = aliases.iter().map(|alias| format!(" (or `--{alias}`)")).collect();
        let values: Vec<_> = argument
            .get_possible_values()
            .iter()
            .map(|value| value.get_name().to_owned())
            .collect();
        let takes = argument.get_action().takes_values() && !values.is_empty();
        let values = if takes {
            format!(" ({})", values.join(", "))
        } else {
            String::new()
        };
        let help = argument.get_help().unwrap();
        writeln!(text, "- {short}`{argument}`{aliases}: {help}{values}").unwrap();
    }
}

#[test]
fn the_command_reference_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (written, old) = page.split_once(BEGIN).expect("the page has the marker");
    if std::env::var_os("TINTYPE_UPDATE").is_some() {
        std::fs::write(&path, format!("{written}{BEGIN}{}", reference())).unwrap();
        return;
    }
    assert_eq!(
        old,
        reference(),
        "run TINTYPE_UPDATE=1 cargo test -p tintype --test cli docs"
    );
}

#[test]
fn each_exit_code_is_documented() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md")).unwrap();
    let api = |status| CliError::Api {
        status,
        errors: Vec::new(),
    };
    let errors = [
        CliError::Failed(String::new()),
        CliError::Usage(String::new()),
        CliError::NotGood(String::new()),
        api(404),
        api(401),
        api(409),
        api(503),
        CliError::Timeout(String::new()),
        CliError::Interrupted(String::new()),
    ];
    for error in errors {
        let code = error.exit_code();
        assert!(
            page.contains(&format!("\n| {code} | ")),
            "exit code {code} is not in docs/cli.md"
        );
    }
}
