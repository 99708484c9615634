//! `tintype completion SHELL`.

use super::error::Result;
use super::output::print;
use clap_complete::Shell;

/// Which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_parser = clap::builder::EnumValueParser::<Shell>::new())]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Failed: standard output cannot be written.
pub fn run(args: &Args) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "tintype", &mut script);
    print(&String::from_utf8_lossy(&script))
}
