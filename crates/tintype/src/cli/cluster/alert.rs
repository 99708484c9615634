//! `tintype cluster alert CLUSTER`.

use super::resolve;
use crate::cli::cells::{column, text};
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::duration;
use crate::cli::error::Result;
use crate::cli::output::View;
use http::Method;
use serde_json::json;
use std::time::Duration;

/// How old a cluster's newest good snapshot may be.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its id or name
    pub cluster: String,
    /// A limit of its own, such as 48h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, conflicts_with = "default")]
    pub max_age: Option<Duration>,
    /// Go back to the server's limit
    #[arg(long)]
    pub default: bool,
}

const VIEW: View = View {
    name: |row| text(row, "/max_age_seconds"),
    columns: &[
        column!("MAX AGE SECONDS", "/max_age_seconds"),
        column!("DEFAULT", "/default"),
        column!("LATEST GOOD", "/latest_successful_end_time"),
        column!("LATE SINCE", "/late_since"),
        column!("FAILING SINCE", "/failing_since"),
    ],
    details: &[],
};

/// Shows the limit and how the cluster stands; sets it first when asked to.
///
/// # Errors
/// What the server refuses.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let id = resolve(&client, &args.cluster).await?;
    let path = ["clusters", &id, "alert"];
    if args.max_age.is_none() && !args.default {
        return context.one(&VIEW, &client.get(&path).await?);
    }
    let seconds = args.max_age.map(|age| age.as_secs().max(1));
    let request = Request::native(Method::PUT, &path)?.body(json!({ "max_age_seconds": seconds }));
    context.one(&VIEW, &client.send(&request).await?.body)
}
