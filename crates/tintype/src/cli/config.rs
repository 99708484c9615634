//! `tintype config show`.

use super::error::{CliError, Result};
use super::output::{Format, document, print};
use super::sources;
use clap::Subcommand;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The effective configuration, without secrets
    Show(sources::SourceArgs),
}

/// Prints it: as TOML, which can be used as a file, unless another format is asked for.
///
/// # Errors
/// Usage: what is wrong with the configuration.
pub fn run(verb: &Verb, format: Format) -> Result<()> {
    let Verb::Show(args) = verb;
    let text = args.load()?.to_toml_redacted();
    if matches!(format, Format::Table | Format::Name) {
        return print(&text);
    }
    let value: serde_json::Value =
        toml::from_str(&text).map_err(|error| CliError::Failed(error.to_string()))?;
    print(&document(format, &value)?)
}
