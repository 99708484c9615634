//! `tintype cluster attach URL`, and `tintype cluster attach -f FILE`.

use super::{VIEW, engine, file, many};
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::global::process_env;
use http::Method;
use serde_json::Value;
use std::path::PathBuf;

/// What to attach.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The engine's address
    #[arg(value_name = "ENGINE_URL", required_unless_present = "file")]
    pub engine_url: Option<String>,
    /// Attach every cluster of this YAML or JSON list; `-` is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["engine_url", "id", "name", "EngineArgs"])]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pace: many::Pace,
    /// Keep this id, which scripts already use (ECE's have 32 hexadecimal digits)
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// A name for people; the engine's own when absent
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    #[command(flatten)]
    engine: engine::EngineArgs,
}

/// Attaches it with the access level `observe` unless told otherwise: only reads are ever sent.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    if let Some(path) = &args.file {
        let rows = file::read(path, &process_env)?;
        let results = many::attach_all(&context.client(false)?, rows, args.pace).await?;
        return many::report(context, &many::VIEW, &results);
    }
    let url = args.engine_url.unwrap_or_default();
    refuse_credentials(&url)?;
    let mut members = args.engine.members(&process_env)?;
    members.insert("url".into(), url.into());
    members.extend(args.id.map(|id| ("id".into(), id.into())));
    members.extend(args.name.map(|name| ("name".into(), name.into())));
    members.entry("access").or_insert("observe".into());
    if args.pace.dry_run {
        let row = many::Row {
            body: members,
            ..many::Row::default()
        };
        let results = many::attach_all(&context.client(false)?, vec![row], args.pace).await?;
        return many::report(context, &many::VIEW, &results);
    }
    let request = Request::native(Method::POST, &["clusters"])?.body(Value::Object(members));
    context.one(&VIEW, &context.client(false)?.send(&request).await?.body)
}

/// An address is shown to everybody who may read clusters, so secrets must not be in it.
pub fn refuse_credentials(url: &str) -> Result<()> {
    match url.parse::<url::Url>() {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let way = "credentials do not belong into the engine's address: use --engine-user";
            Err(CliError::Usage(way.into()))
        }
        _ => Ok(()),
    }
}
