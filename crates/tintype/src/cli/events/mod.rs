//! `tintype events`: what changes, as it changes. A connection that breaks is made again where it broke.

mod parse;

use super::cells::{column, plain, text};
use super::client::{Client, Request};
use super::cluster;
use super::context::Context;
use super::error::{CliError, Result};
use super::output::{Column, Format, View, document, print};
use futures_util::StreamExt;
use http::Method;
use parse::{Event, Parser};
use serde_json::Value;
use std::time::Duration;

/// The server says something every 15 s: silence for longer is a dead connection.
const SILENCE: Duration = Duration::from_secs(60);
/// Before a broken connection is made again.
const RETRY: Duration = Duration::from_secs(1);

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Go on as things change, instead of ending with what is there
    #[arg(short, long)]
    pub follow: bool,
    /// Only changes after this one (its sequence number); all that are kept, or with --follow those from now on
    #[arg(long, value_name = "SEQUENCE")]
    pub after: Option<u64>,
    /// Only about this cluster (id or name)
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Only of this kind or group, such as `operation.failed` or `cluster`; may be given more than once
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
}

const VIEW: View = View {
    name: |row| text(row, "/sequence"),
    columns: &[
        column!("#", "/sequence"),
        column!("AT", "/at"),
        column!("KIND", "/kind"),
        column!("CLUSTER", "/cluster_id"),
        column!("OPERATION", "/operation_id"),
        Column {
            title: "WHAT",
            cell: what,
        },
    ],
    details: &[],
};

/// The members of a change's document that people look for.
fn what(row: &Value) -> String {
    let members = [
        "/data/message",
        "/data/failure/message",
        "/data/repository",
        "/data/latest_successful_name",
        "/data/name",
        "/data/kind",
    ];
    let found = members.map(|pointer| text(row, pointer));
    found
        .into_iter()
        .find(|cell| cell != "-")
        .unwrap_or_else(|| "-".to_owned())
}

/// Shows changes.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let client = context.client(true)?;
    let cluster = match &args.cluster {
        Some(cluster) => Some(cluster::resolve(&client, cluster).await?),
        None => None,
    };
    let after = args.after.or((!args.follow).then_some(0));
    let mut watcher = Watcher {
        context,
        client: &client,
        kinds: (!args.kind.is_empty()).then(|| args.kind.join(",")),
        cluster,
        follow: args.follow,
        after: after.map(|after| after.to_string()),
        rows: Vec::new(),
    };
    tokio::select! {
        done = watcher.run() => done,
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted("interrupted".into())),
    }
}

struct Watcher<'a> {
    context: &'a Context,
    client: &'a Client,
    cluster: Option<String>,
    kinds: Option<String>,
    follow: bool,
    /// The id of the last event: where a broken connection goes on.
    after: Option<String>,
    /// What is shown at the end, when nothing is followed.
    rows: Vec<Value>,
}

impl Watcher<'_> {
    async fn run(&mut self) -> Result<()> {
        let mut away = false;
        loop {
            match self.stream().await {
                Ok(()) if !self.follow => return print(&VIEW.list(self.context.format(), &self.rows)?),
                Err(error) if !self.follow || !error.is_passing() => return Err(error),
                Err(error) if !std::mem::replace(&mut away, true) => {
                    self.context
                        .note(&format!("{error}; trying again until interrupted"));
                }
                Ok(()) => away = false,
                Err(_) => {}
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// One connection, to its end.
    async fn stream(&mut self) -> Result<()> {
        let request = Request::native(Method::GET, &["events"])?
            .query("after", self.after.as_ref())
            .query("cluster", self.cluster.as_ref())
            .query("kind", self.kinds.as_ref())
            .query("follow", Some(self.follow));
        let mut body = Box::pin(self.client.stream(&request).await?);
        let mut parser = Parser::default();
        loop {
            let broken = |what: &str| CliError::Unreachable {
                message: format!("{} {what}", self.client.url()),
                not_sent: false,
            };
            let chunk = tokio::time::timeout(SILENCE, body.next())
                .await
                .map_err(|_| broken("fell silent"))?;
            let Some(chunk) = chunk else { return Ok(()) };
            let chunk = chunk.map_err(|_| broken("broke the connection"))?;
            for event in parser.feed(&chunk) {
                self.take(event)?;
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<()> {
        if let Some(id) = event.id {
            self.after = Some(id);
        }
        if event.kind == "reset" {
            self.context
                .note("changes were missed: they are older than what the server keeps");
        }
        let Ok(row) = serde_json::from_str::<Value>(&event.data) else {
            return Ok(());
        };
        if event.kind == "reset" {
            return Ok(());
        }
        if self.follow {
            return print(&line(self.context.format(), &row)?);
        }
        self.rows.push(row);
        Ok(())
    }
}

/// One change as it comes: a document of its own in every format.
fn line(format: Format, row: &Value) -> Result<String> {
    Ok(match format {
        Format::Json | Format::Ndjson => format!("{row}\n"),
        Format::Name => (VIEW.name)(row) + "\n",
        Format::Yaml => format!("---\n{}", document(format, row)?),
        Format::Table => {
            let cells: Vec<_> = VIEW.columns.iter().map(|column| (column.cell)(row)).collect();
            plain(&cells.join("  ")) + "\n"
        }
    })
}
