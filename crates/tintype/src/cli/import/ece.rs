//! Reading an existing ECE (3.x): its deployments with their settings, and its repositories. Only GETs are sent to it.
//!
//! The options that name the server everywhere else name the ECE here, as they do for its own client; the Tintype
//! that the clusters go to comes from `--into` and the `TINTYPE_*` variables.

use super::apply;
use super::certificate;
use super::plan::{self, Found, Reach};
use crate::cli::client::{Client, Request};
use crate::cli::cluster::engine::EngineArgs;
use crate::cli::cluster::many::{Pace, report};
use crate::cli::context::{Context, members};
use crate::cli::error::{CliError, Result};
use crate::cli::global::{Connection, Credentials, process_env};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Deployments read at a time.
const AT_ONCE: usize = 4;

/// What to import, and how its engines are reached.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The Tintype to import into; its credentials come from the environment [env: TINTYPE_URL] [default: http://127.0.0.1:9400]
    #[arg(long, value_name = "URL")]
    pub into: Option<String>,
    /// Reach the engines at their own addresses instead of through ECE's proxy; then they need credentials of their own
    #[arg(long)]
    pub direct: bool,
    /// With --direct: the user's name on every engine
    #[arg(long, value_name = "NAME", requires = "direct")]
    pub engine_user: Option<String>,
    /// With --direct: a file with that user's password, else it is asked for [env: TINTYPE_ENGINE_PASSWORD]
    #[arg(long, value_name = "FILE", requires = "engine_user")]
    pub engine_password_file: Option<PathBuf>,
    /// With --direct: the only certificate authorities to trust for the engines, PEM
    #[arg(long, value_name = "FILE", requires = "direct")]
    pub engine_ca: Option<PathBuf>,
    /// The repository's name on the engines
    #[arg(long, value_name = "NAME", default_value = "found-snapshots")]
    pub engine_repository: String,
    /// Credentials may cross plain HTTP beyond loopback on the way to the engines
    #[arg(long)]
    pub allow_plain_http: bool,
    #[command(flatten)]
    pace: Pace,
}

/// Imports repositories, then clusters, and prints what became of each.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let connection = context.ece()?;
    let reach = reach(&args, &connection).await?;
    let tintype = context.tintype(args.into.as_deref())?;
    let ece = Client::new(connection, context.answer_timeout())?;
    let found = read(&ece).await?;
    if found.deployments.is_empty() {
        context.note("the ECE shows no deployment to these credentials");
    }
    let planned = plan::of(&found, &reach, &args.engine_repository);
    let results = apply::all(&tintype, planned, args.pace).await?;
    context.note("snapshot settings are in this report alone (-o json): Tintype has not taken them over");
    report(context, &apply::VIEW, &results)
}

/// How Tintype will reach the engines.
async fn reach(args: &Args, connection: &Connection) -> Result<Reach> {
    let mut members = Map::new();
    if args.direct {
        let engine = EngineArgs {
            engine_user: args.engine_user.clone(),
            engine_password_file: args.engine_password_file.clone(),
            engine_ca: args.engine_ca.clone(),
            ..EngineArgs::default()
        };
        members = engine.members(&process_env)?;
    } else {
        members.insert("auth".to_owned(), auth(&connection.credentials)?);
        if let Some(ca) = &connection.ca {
            members.insert("ca".to_owned(), ca.as_str().into());
        }
        if connection.insecure && connection.url.scheme() == "https" {
            // Tintype never trusts just any certificate: it pins the one that the ECE shows now.
            let fingerprint = certificate::fingerprint(&connection.url).await?;
            members.insert("fingerprint".to_owned(), fingerprint.into());
        }
    }
    if args.allow_plain_http {
        members.insert("allow_plain_http".to_owned(), true.into());
    }
    let proxy = (!args.direct).then(|| connection.url.as_str().trim_end_matches('/').to_owned());
    Ok(Reach { proxy, members })
}

/// ECE's proxy takes the credentials of ECE's API.
fn auth(credentials: &Credentials) -> Result<Value> {
    match credentials {
        Credentials::ApiKey(key) => Ok(json!({"type": "api_key", "api_key": key.expose_secret()})),
        Credentials::Basic(user, password) => {
            Ok(json!({"type": "basic", "username": user, "password": password.expose_secret()}))
        }
        // A session is one of Tintype's own.
        Credentials::None | Credentials::Session(_) => Err(CliError::Usage(
            "no credentials of the ECE: give --api-key-file FILE, or EC_API_KEY".into(),
        )),
    }
}

async fn read(ece: &Client) -> Result<Found> {
    let listed = ece
        .send(&Request::ece(Method::GET, &["deployments"])?)
        .await?
        .body;
    let ids: Vec<String> = members(&listed, "deployments")?
        .iter()
        .filter_map(|deployment| deployment["id"].as_str().map(str::to_owned))
        .collect();
    let deployments: Vec<Value> = stream::iter(ids)
        .map(|id| async move { deployment(ece, &id).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let request = ece.regional(
        Method::GET,
        &["platform", "configuration", "snapshots", "repositories"],
    )?;
    // A key that may see deployments may not be allowed to see the platform's configuration.
    let (repositories, refused) = match ece.send(&request).await {
        Ok(answer) => (members(&answer.body, "configs")?.clone(), None),
        Err(
            error @ CliError::Api {
                status: 403 | 404, ..
            },
        ) => (Vec::new(), Some(error.to_string())),
        Err(error) => return Err(error),
    };
    Ok(Found {
        deployments,
        repositories,
        refused,
    })
}

async fn deployment(ece: &Client, id: &str) -> Result<Value> {
    let request = Request::ece(Method::GET, &["deployments", id])?
        .query("show_settings", Some(true))
        .query("show_metadata", Some(false))
        .query("show_plans", Some(false));
    Ok(ece.send(&request).await?.body)
}
