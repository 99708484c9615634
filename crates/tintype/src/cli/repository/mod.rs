//! `tintype repository set|list|show|delete|register` and `repository reader set|delete`, which ask the server; and
//! `verify|ls|show|du|diff|orphans|attest` of a path or URL, which read the storage themselves.

use super::cells::{column, text};
use super::client::Request;
use super::cluster;
use super::context::Context;
use super::error::{CliError, Result};
use super::follow::{WaitArgs, start};
use super::output::View;
use super::secret;
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

pub mod local;
pub mod reader;
pub mod set;
pub mod verification;

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
    /// One repository of the platform by its name; or, by path or URL, one snapshot in it: its indices, documents, sizes
    Show(Box<ShowArgs>),
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
    /// What the server reads of a repository's storage through its reader: which snapshots can be restored
    #[command(subcommand)]
    Verification(verification::Verb),
    /// Prove what can be restored from a repository, reading its storage; exit code 3 with findings, 4 when not known
    Verify(Box<local::verify::Args>),
    /// The snapshots in a repository, reading its storage: documents and sizes too
    Ls(Box<local::ls::Args>),
    /// What each snapshot costs, reading the storage: bytes that only it needs, bytes that it shares
    Du(Box<local::du::Args>),
    /// What two snapshots have differently, reading the storage
    Diff(Box<local::diff::Args>),
    /// Blobs that no snapshot needs, reading the storage; they are listed and never deleted
    Orphans(Box<local::orphans::Args>),
    /// Sign what a snapshot is made of, reading the storage: `verify --attestation` compares it later, there or in a copy
    Attest(Box<local::attest::Args>),
}

/// A platform repository, or a snapshot in a storage.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The platform repository's name; or, with a snapshot, a path or URL
    #[arg(value_name = "NAME|URL")]
    repository: String,
    /// The snapshot's name or uuid: read from the storage itself
    snapshot: Option<String>,
    /// Of a snapshot: only these indices, by commas; `*` stands for anything
    #[arg(
        long = "index",
        value_name = "INDEX",
        value_delimiter = ',',
        requires = "snapshot"
    )]
    indices: Vec<String>,
    #[command(flatten)]
    access: local::access::AccessArgs,
}

impl Verb {
    /// Reads a storage itself, without the server.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Verify(_)
            | Self::Ls(_)
            | Self::Du(_)
            | Self::Diff(_)
            | Self::Orphans(_)
            | Self::Attest(_) => true,
            Self::Show(args) => args.snapshot.is_some(),
            Self::Set(_)
            | Self::List { .. }
            | Self::Delete { .. }
            | Self::Register { .. }
            | Self::Reader(_)
            | Self::Verification(_) => false,
        }
    }
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
        Verb::Verification(verb) => verification::run(verb, context).await,
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
        Verb::Verify(args) => local::verify::run(*args, context).await,
        Verb::Ls(args) => local::ls::run(*args, context).await,
        Verb::Du(args) => local::du::run(*args, context).await,
        Verb::Diff(args) => local::diff::run(*args, context).await,
        Verb::Orphans(args) => local::orphans::run(*args, context).await,
        Verb::Attest(args) => local::attest::run(*args, context).await,
        Verb::Show(args) => show_one(*args, context).await,
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

/// By name the server's, with a snapshot the storage's.
async fn show_one(args: ShowArgs, context: &Context) -> Result<()> {
    let repository = args.repository;
    match args.snapshot {
        Some(snapshot) => local::show::run(&repository, snapshot, args.indices, &args.access, context).await,
        None if local::is_location(&repository) => Err(CliError::Usage(format!(
            "which snapshot? `tintype repository ls {repository}` lists them"
        ))),
        None => context.one(
            &VIEW,
            &context.client(false)?.get(&["repositories", &repository]).await?,
        ),
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
