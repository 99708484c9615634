//! `tintype repository set|list|show|delete|register` and `repository reader set|delete`.

use super::cells::{column, text};
use super::client::Request;
use super::cluster;
use super::context::Context;
use super::error::Result;
use super::follow::{WaitArgs, start};
use super::output::View;
use super::secret;
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

pub mod reader;
pub mod set;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make or replace a platform repository
    Set(Box<set::Args>),
    /// The platform's repositories
    List {
        /// What is registered on this cluster's engine instead (id or name)
        #[arg(long, value_name = "CLUSTER")]
        cluster: Option<String>,
    },
    /// One repository
    Show {
        /// Its name
        name: String,
    },
    /// Forget a repository; its storage and its registrations on engines stay as they are
    Delete {
        /// Its name
        name: String,
        /// Unset it in the clusters that name it
        #[arg(long)]
        cleanup: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Register a platform repository on a cluster's engine, under a name that is free there
    Register {
        /// The cluster's id or name
        cluster: String,
        /// The platform repository
        repository: String,
        /// `--wait`.
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// The reader of a repository: read-only credentials for everything that looks at the storage itself
    #[command(subcommand)]
    Reader(reader::Verb),
}

const VIEW: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("NAME", "/name"),
        column!("TYPE", "/type"),
        column!("DEFAULT", "/default"),
        column!("READER", "/has_reader"),
        column!("PREFLIGHT", "/preflight"),
    ],
    details: &[column!("SETTINGS", "/settings"), column!("VERSION", "/version")],
};

const REGISTRATIONS: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("NAME", "/name"),
        column!("TYPE", "/type"),
        column!("LOCATION", "/location"),
        column!("READONLY", "/readonly"),
        column!("PLATFORM REPOSITORY", "/platform_repository"),
    ],
    details: &[],
};

/// Runs a verb.
///
/// # Errors
/// See [`super::error::CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Set(args) => set::run(*args, context).await,
        Verb::Reader(verb) => reader::run(verb, context).await,
        Verb::List { cluster: None } => context.list(
            &VIEW,
            &context.client(false)?.get(&["repositories"]).await?,
            "repositories",
        ),
        Verb::List {
            cluster: Some(cluster),
        } => {
            let client = context.client(false)?;
            let id = cluster::resolve(&client, &cluster).await?;
            let answer = client.get(&["clusters", &id, "registrations"]).await?;
            context.list(&REGISTRATIONS, &answer, "registrations")
        }
        Verb::Show { name } => context.one(
            &VIEW,
            &context.client(false)?.get(&["repositories", &name]).await?,
        ),
        Verb::Delete { name, cleanup, yes } => {
            secret::confirm(&format!("Forget repository {name} and its reader?"), yes)?;
            let request = Request::native(Method::DELETE, &["repositories", &name])?;
            context
                .client(false)?
                .send(&request.query("cleanup_deployments", cleanup.then_some(true)))
                .await?;
            context.note(&format!("deleted {name}; its storage stays as it is"));
            Ok(())
        }
        Verb::Register {
            cluster,
            repository,
            wait,
        } => register(context, &cluster, &repository, wait.wait).await,
    }
}

async fn register(context: &Context, cluster: &str, repository: &str, wait: bool) -> Result<()> {
    let client = context.client(wait)?;
    let request = |id: &str| {
        let request = Request::native(Method::POST, &["clusters", id, "registrations"])?;
        Ok(request.body(json!({"repository": repository})))
    };
    start(&client, context, cluster, wait, request).await
}

/// Shows one.
pub(super) fn show(context: &Context, repository: &Value) -> Result<()> {
    context.one(&VIEW, repository)
}
