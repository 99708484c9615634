//! `tintype import ece`.

use super::context::Context;
use super::error::Result;
use clap::Subcommand;

mod apply;
mod certificate;
pub mod ece;
mod plan;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Attach every Elasticsearch cluster of an ECE under its own id; --url and the credentials are the ECE's
    Ece(Box<ece::Args>),
}

/// Runs a verb.
///
/// # Errors
/// See [`super::error::CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Ece(args) => ece::run(*args, context).await,
    }
}
