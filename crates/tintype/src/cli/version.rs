//! `tintype version`.

use super::context::Context;
use super::error::Result;
use super::output::{Format, document, print};
use serde_json::json;

/// Which version.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask the server for its version too
    #[arg(long)]
    server: bool,
}

/// Prints the version of this program, and of the server when asked.
///
/// # Errors
/// See [`super::error::CliError`].
pub async fn run(args: &Args, context: &Context) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let mut all = json!({"version": version});
    if args.server {
        all["server"] = context.client(false)?.get(&["version"]).await?;
    }
    print(&match context.format() {
        Format::Name => format!("{version}\n"),
        Format::Table if args.server => {
            let server = &all["server"];
            let words = |name: &str| super::cells::text(server, name);
            format!(
                "tintype {version}\nserver {} (region {})\n",
                words("/version"),
                words("/region")
            )
        }
        Format::Table => format!("tintype {version}\n"),
        format => document(format, &all)?,
    })
}
