//! `tintype webhook create|list|show|update|delete|test`.

use super::cells::{column, text};
use super::client::{Client, Request};
use super::cluster;
use super::context::Context;
use super::error::{CliError, Result};
use super::follow::{Follower, Repeat, WaitArgs};
use super::operation;
use super::output::View;
use super::secret;
use clap::Subcommand;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

const EVENTS: [&str; 5] = [
    "cluster.late",
    "cluster.failing",
    "cluster.recovered",
    "operation.failed",
    "verification.damage",
];

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a webhook; its secret is shown once
    Create {
        /// Where deliveries are sent, `https://…` or `http://…`
        target: String,
        /// What to tell and how.
        #[command(flatten)]
        members: Members,
        /// Make it, but tell it nothing yet
        #[arg(long)]
        disabled: bool,
    },
    /// All webhooks
    List,
    /// One webhook
    Show {
        /// Its id
        id: String,
    },
    /// Change a webhook; what is not named stays
    Update {
        /// Its id
        id: String,
        /// Another address
        #[arg(long, value_name = "URL")]
        target: Option<String>,
        /// What to tell and how.
        #[command(flatten)]
        members: Members,
        /// Tell it everything again
        #[arg(long, conflicts_with = "event")]
        all_events: bool,
        /// Tell it of all clusters again
        #[arg(long, conflicts_with = "cluster")]
        all_clusters: bool,
        /// Tell it again
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Tell it nothing for now
        #[arg(long)]
        disable: bool,
    },
    /// Forget a webhook
    Delete {
        /// Its id
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Send a webhook a test
    Test {
        /// Its id
        id: String,
        /// `--wait`.
        #[command(flatten)]
        wait: WaitArgs,
    },
}

/// What making and changing a webhook have in common.
#[derive(Debug, Default, clap::Args)]
pub struct Members {
    /// Only this event; may be given more than once
    #[arg(long, value_name = "EVENT", value_parser = EVENTS)]
    pub event: Vec<String>,
    /// Only this cluster (id or name); may be given more than once
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Vec<String>,
    /// A file with the secret to sign with (`whsec_…`), instead of one that is made
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

impl Members {
    async fn body(&self, client: &Client) -> Result<Map<String, Value>> {
        let mut body = Map::new();
        if !self.event.is_empty() {
            body.insert("events".into(), json!(self.event));
        }
        if !self.cluster.is_empty() {
            let mut ids = Vec::new();
            for name in &self.cluster {
                ids.push(cluster::resolve(client, name).await?);
            }
            body.insert("clusters".into(), json!(ids));
        }
        if let Some(path) = &self.secret_file {
            let secret = secret::from_file("--secret-file", path)?;
            body.insert("secret".into(), secret.expose_secret().into());
        }
        Ok(body)
    }
}

const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("ID", "/id"),
        column!("URL", "/url"),
        column!("EVENTS", "/events"),
        column!("CLUSTERS", "/clusters"),
        column!("ENABLED", "/enabled"),
    ],
    details: &[
        column!("DISABLED BECAUSE", "/disabled_because"),
        column!("SECRET", "/secret"),
        column!("CREATED", "/created_at"),
        column!("UPDATED", "/updated_at"),
    ],
};

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Create {
            target,
            members,
            disabled,
        } => create(context, &target, &members, disabled).await,
        Verb::List => context.list(
            &VIEW,
            &context.client(false)?.get(&["webhooks"]).await?,
            "webhooks",
        ),
        Verb::Show { id } => context.one(&VIEW, &context.client(false)?.get(&["webhooks", &id]).await?),
        Verb::Update {
            id,
            target,
            members,
            all_events,
            all_clusters,
            enable,
            disable,
        } => {
            let client = context.client(false)?;
            let mut body = members.body(&client).await?;
            body.extend(target.map(|url| ("url".into(), url.into())));
            body.extend(all_events.then(|| ("events".into(), json!([]))));
            body.extend(all_clusters.then(|| ("clusters".into(), json!([]))));
            body.extend((enable || disable).then(|| ("enabled".into(), enable.into())));
            if body.is_empty() {
                return Err(CliError::Usage(
                    "nothing to change: give at least one option".into(),
                ));
            }
            let request = Request::native(Method::PATCH, &["webhooks", &id])?.body(body.into());
            context.one(&VIEW, &client.send(&request).await?.body)
        }
        Verb::Delete { id, yes } => {
            secret::confirm(&format!("Forget webhook {id} and its secret?"), yes)?;
            let request = Request::native(Method::DELETE, &["webhooks", &id])?;
            context.client(false)?.send(&request).await?;
            context.note(&format!("deleted {id}"));
            Ok(())
        }
        Verb::Test { id, wait } => test(context, &id, wait.wait).await,
    }
}

async fn create(context: &Context, target: &str, members: &Members, disabled: bool) -> Result<()> {
    let client = context.client(false)?;
    let mut body = members.body(&client).await?;
    body.insert("url".into(), target.into());
    body.insert("enabled".into(), (!disabled).into());
    let request = Request::native(Method::POST, &["webhooks"])?.body(body.into());
    let made = client.send(&request).await?.body;
    if made.get("secret").is_some() {
        context.note("the secret is shown only now: give it to the receiver");
    }
    context.one(&VIEW, &made)
}

async fn test(context: &Context, id: &str, wait: bool) -> Result<()> {
    let client = context.client(wait)?;
    let request = Request::native(Method::POST, &["webhooks", id, "_test"])?;
    if !wait {
        return context.one(&operation::VIEW, &client.send(&request).await?.body);
    }
    let mut follower = Follower::new(&client, context)?;
    let started = follower.start(&request, Repeat::NotSent).await?.body;
    follower.follow(&text(&started, "/id")).await
}
