//! `tintype snapshot delete CLUSTER REPOSITORY/NAME`.

use super::parse_snapshot;
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::follow::{WaitArgs, start};
use crate::cli::secret;
use http::Method;

/// What to delete.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's id or name
    pub cluster: String,
    /// REPOSITORY/NAME, or REPOSITORY NAME
    #[arg(num_args = 1..=2, required = true, value_name = "REPOSITORY/NAME")]
    pub snapshot: Vec<String>,
    /// Only if it has this uuid; without it the one counts that was recorded when it was taken
    #[arg(long, value_name = "UUID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub uuid: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Deletes it, if Tintype made it; with `--wait` follows the operation to its end.
///
/// # Errors
/// See [`crate::cli::error::CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let (repository, name) = parse_snapshot(&args.snapshot)?;
    let client = context.client(args.wait.wait)?;
    let question = format!(
        "Delete the snapshot {repository}/{name} of {} for ever?",
        args.cluster
    );
    secret::confirm(&question, args.yes)?;
    let request = |id: &str| {
        let path = ["clusters", id, "snapshots", &repository, &name];
        Ok(Request::native(Method::DELETE, &path)?.query("uuid", args.uuid.clone()))
    };
    start(&client, context, &args.cluster, args.wait.wait, request).await
}
