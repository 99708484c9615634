//! `tintype cluster update CLUSTER`.

use super::attach::refuse_credentials;
use super::{VIEW, engine, resolve};
use crate::cli::client::Request;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::global::process_env;
use http::Method;
use serde_json::{Value, json};

/// What to change.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its id or name
    pub cluster: String,
    /// Another name for people
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Another address of the same engine
    #[arg(long, value_name = "URL")]
    pub engine_url: Option<String>,
    #[command(flatten)]
    engine: engine::EngineArgs,
    /// Go back to the default of these
    #[arg(long, value_delimiter = ',', value_name = "WHAT",
        value_parser = ["ca", "fingerprint", "repository", "engine_repository", "location"])]
    pub unset: Vec<String>,
    /// Send no credentials to the engine any more
    #[arg(long, conflicts_with_all = ["engine_user", "engine_api_key_file", "engine_bearer_file", "engine_cert"])]
    pub engine_no_auth: bool,
    /// Refuse credentials over plain HTTP beyond loopback again
    #[arg(long, conflicts_with = "allow_plain_http")]
    pub forbid_plain_http: bool,
    /// Another engine answers at the address, and that is right: pin its uuid
    #[arg(long)]
    pub repin: bool,
}

/// Changes it.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let mut members = args.engine.members(&process_env)?;
    if let Some(url) = args.engine_url {
        refuse_credentials(&url)?;
        members.insert("url".into(), url.into());
    }
    members.extend(args.name.map(|name| ("name".into(), name.into())));
    members.extend(args.unset.into_iter().map(|name| (name, Value::Null)));
    if args.engine_no_auth {
        members.insert("auth".into(), json!({"type": "none"}));
    }
    if args.forbid_plain_http {
        members.insert("allow_plain_http".into(), Value::Bool(false));
    }
    if args.repin {
        members.insert("repin".into(), Value::Bool(true));
    }
    if members.is_empty() {
        return Err(CliError::Usage(
            "nothing to change: name at least one option".into(),
        ));
    }
    let client = context.client(false)?;
    let id = resolve(&client, &args.cluster).await?;
    let request = Request::native(Method::PATCH, &["clusters", &id])?.body(Value::Object(members));
    context.one(&VIEW, &client.send(&request).await?.body)
}
