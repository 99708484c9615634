//! `tintype operation list|show|watch|cancel`.

use super::cells::{age, between, column, text};
use super::client::Request;
use super::context::{Context, members};
use super::error::Result;
use super::follow::{Follower, Repeat, WaitArgs};
use super::output::{Column, View, print};
use super::{cells, cluster};
use clap::Subcommand;
use http::Method;
use serde_json::Value;

/// What the server gives in one page.
const PAGE: usize = 100;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Operations, newest first
    List {
        /// Only of this cluster (id or name)
        #[arg(long, value_name = "CLUSTER")]
        cluster: Option<String>,
        /// Only of this kind
        #[arg(long, value_parser = ["take_snapshot", "register_repository", "restore_snapshot", "delete_snapshot", "deliver_webhook", "verify_repository"])]
        kind: Option<String>,
        /// Only with this status
        #[arg(long, value_parser = ["queued", "running", "succeeded", "failed", "cancelled"])]
        status: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// One operation
    Show {
        /// The operation's id
        id: String,
        /// Its events instead
        #[arg(long)]
        events: bool,
    },
    /// Follow an operation to its end; exit code 3 when it does not end well
    Watch {
        /// The operation's id
        id: String,
    },
    /// Ask an operation to stop
    Cancel {
        /// The operation's id
        id: String,
        /// `--wait`.
        #[command(flatten)]
        wait: WaitArgs,
    },
}

/// How an operation is shown.
pub const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("ID", "/id"),
        column!("KIND", "/kind"),
        column!("CLUSTER", "/cluster_id"),
        Column {
            title: "TARGET",
            cell: target,
        },
        column!("STATUS", "/status"),
        Column {
            title: "DONE",
            cell: percent,
        },
        column!("STARTED", "/created_at"),
        Column {
            title: "TOOK",
            cell: |row| between(row, "/created_at", "/finished_at"),
        },
    ],
    details: &[
        column!("STEP", "/step"),
        column!("REQUESTED BY", "/requested_by"),
        column!("QUEUE POSITION", "/queue_position"),
        column!("CANCEL REQUESTED", "/cancel_requested"),
        Column {
            title: "BYTES",
            cell: |row| amount(row, "/progress/bytes"),
        },
        Column {
            title: "FILES",
            cell: |row| amount(row, "/progress/files"),
        },
        Column {
            title: "ETA",
            cell: |row| age(row, "/progress/eta_seconds"),
        },
        column!("FAILURE", "/failure/kind"),
        column!("MESSAGE", "/failure/message"),
        column!("STATE", "/outcome/state"),
        column!("GOOD", "/outcome/good"),
        Column {
            title: "INDICES",
            cell: |row| cells::count(row, "/outcome/indices"),
        },
        column!("NOTES", "/outcome/notes"),
    ],
};

const EVENTS: View = View {
    name: |row| text(row, "/sequence"),
    columns: &[
        column!("#", "/sequence"),
        column!("AT", "/at"),
        column!("KIND", "/kind"),
        column!("MESSAGE", "/message"),
    ],
    details: &[],
};

fn target(row: &Value) -> String {
    let repository = text(row, "/parameters/repository");
    let name = ["/parameters/name", "/parameters/snapshot"].map(|pointer| text(row, pointer));
    match name.into_iter().find(|name| name != "-") {
        Some(name) if repository != "-" => format!("{repository}/{name}"),
        Some(name) => name,
        None if repository == "-" => text(row, "/parameters/webhook_id"),
        None => repository,
    }
}

/// Whole percents of the bytes that the engine counted, rounded down.
fn percent(row: &Value) -> String {
    let number = |pointer| row.pointer(pointer).and_then(Value::as_u64);
    match (number("/progress/bytes/done"), number("/progress/bytes/total")) {
        (Some(done), Some(total)) if total > 0 => {
            format!("{}%", u128::from(done.min(total)) * 100 / u128::from(total))
        }
        _ => "-".to_owned(),
    }
}

fn amount(row: &Value, pointer: &str) -> String {
    match row.pointer(pointer) {
        Some(amount) => format!("{} of {}", text(amount, "/done"), text(amount, "/total")),
        None => "-".to_owned(),
    }
}

/// Runs a verb.
///
/// # Errors
/// See [`super::error::CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::List {
            cluster,
            kind,
            status,
            limit,
        } => list(context, cluster, kind, status, limit).await,
        Verb::Show { id, events: false } => {
            context.one(&VIEW, &context.client(false)?.get(&["operations", &id]).await?)
        }
        Verb::Show { id, events: true } => events(context, &id).await,
        Verb::Watch { id } => {
            let client = context.client(true)?;
            Follower::new(&client, context)?.follow(&id).await
        }
        Verb::Cancel { id, wait } => {
            let client = context.client(wait.wait)?;
            let request = Request::native(Method::POST, &["operations", &id, "_cancel"])?;
            if !wait.wait {
                return context.one(&VIEW, &client.send(&request).await?.body);
            }
            let mut follower = Follower::new(&client, context)?;
            // Asking twice asks the same.
            follower.start(&request, Repeat::Always).await?;
            follower.follow(&id).await
        }
    }
}

async fn list(
    context: &Context,
    cluster: Option<String>,
    kind: Option<String>,
    status: Option<String>,
    limit: usize,
) -> Result<()> {
    let client = context.client(false)?;
    let cluster = match cluster {
        Some(cluster) => Some(cluster::resolve(&client, &cluster).await?),
        None => None,
    };
    let (mut rows, mut before) = (Vec::new(), None);
    while rows.len() < limit {
        let request = Request::native(Method::GET, &["operations"])?
            .query("cluster", cluster.as_ref())
            .query("kind", kind.as_ref())
            .query("status", status.as_ref())
            .query("limit", Some(PAGE.min(limit - rows.len())))
            .query("before", before.take());
        let answer = client.send(&request).await?.body;
        rows.extend(members(&answer, "operations")?.iter().cloned());
        before = answer.get("next").and_then(Value::as_str).map(str::to_owned);
        if before.is_none() {
            break;
        }
    }
    print(&VIEW.list(context.format(), &rows)?)
}

async fn events(context: &Context, id: &str) -> Result<()> {
    let client = context.client(false)?;
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let request = Request::native(Method::GET, &["operations", id, "events"])?.query("after", after);
        let answer = client.send(&request).await?.body;
        let page = members(&answer, "events")?;
        after = page
            .last()
            .and_then(|event| event.get("sequence"))
            .and_then(Value::as_i64);
        rows.extend(page.iter().cloned());
        if after.is_none() {
            return print(&EVENTS.list(context.format(), &rows)?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn percents_are_of_the_engine_s_bytes_and_rounded_down() {
        let row =
            |done: u64, total: Option<u64>| json!({"progress": {"bytes": {"done": done, "total": total}}});
        assert_eq!(percent(&row(999, Some(1000))), "99%");
        assert_eq!(percent(&row(0, None)), "-");
        assert_eq!(percent(&row(0, Some(0))), "-");
    }

    #[test]
    fn the_target_is_what_the_operation_works_on() {
        assert_eq!(
            target(&json!({"parameters": {"repository": "r", "name": "s"}})),
            "r/s"
        );
        assert_eq!(
            target(&json!({"parameters": {"repository": "r", "snapshot": "s"}})),
            "r/s"
        );
        assert_eq!(target(&json!({"parameters": {"name": "r"}})), "r");
    }
}
