//! `tintype attest-key create|show|rotate`.

use super::cells::{column, text};
use super::client::Request;
use super::context::Context;
use super::error::Result;
use super::output::View;
use super::secret;
use clap::Subcommand;
use http::Method;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make the key that the server attests with; its secret half never leaves the server
    Create,
    /// The public keys: the one in use, and those that signed before. Needs no credentials
    Show,
    /// Attest with a new key from now on; the old one stays published
    Rotate {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("ID", "/id"),
        column!("ALGORITHM", "/algorithm"),
        column!("IN USE", "/in_use"),
        column!("SINCE", "/created_at"),
        column!("UNTIL", "/retired_at"),
        column!("PUBLIC KEY", "/public_key"),
    ],
    details: &[],
};

/// Runs a verb.
///
/// # Errors
/// See [`super::error::CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    match verb {
        Verb::Show => context.list(&VIEW, &client.get(&["attest-keys"]).await?, "keys"),
        Verb::Create => {
            let request = Request::native(Method::POST, &["attest-keys"])?;
            context.one(&VIEW, &client.send(&request).await?.body)
        }
        Verb::Rotate { yes } => {
            secret::confirm(
                "Put a new key in the place of the one that the server attests with?",
                yes,
            )?;
            let request = Request::native(Method::POST, &["attest-keys", "_rotate"])?;
            context.one(&VIEW, &client.send(&request).await?.body)
        }
    }
}
