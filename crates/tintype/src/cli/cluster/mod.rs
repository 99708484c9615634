//! `tintype cluster attach|list|show|update|alert|detach`.

use super::cells::{age, column, text};
use super::client::{Client, Request};
use super::context::{Context, members};
use super::error::{CliError, Result};
use super::output::{Column, View, print};
use super::secret;
use clap::Subcommand;
use http::Method;
use serde_json::Value;

pub mod alert;
pub mod attach;
pub mod engine;
pub mod file;
pub mod many;
mod seen;
pub mod update;

/// What the server gives in one page.
const PAGE: usize = 500;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Attach a cluster, or with --file many; nothing is changed on their engines
    Attach(Box<attach::Args>),
    /// The attached clusters
    List {
        /// Only those whose name or id contains this
        #[arg(short = 's', long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// One cluster
    Show {
        /// Its id or name
        cluster: String,
    },
    /// Change a cluster; what is not named stays
    Update(Box<update::Args>),
    /// How old a cluster's newest good snapshot may be before webhooks are told
    Alert(alert::Args),
    /// Forget a cluster; nothing is changed on its engine
    Detach {
        /// Its id or name
        cluster: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// How a cluster is shown.
pub const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("NAME", "/name"),
        column!("ID", "/id"),
        Column {
            title: "ENGINE",
            cell: engine,
        },
        column!("ACCESS", "/access"),
        Column {
            title: "HEALTH",
            cell: health,
        },
        column!("SNAPSHOTS", "/observation/snapshots/count"),
        Column {
            title: "LAST GOOD",
            cell: last_good,
        },
    ],
    details: &[
        column!("URL", "/url"),
        column!("UUID", "/uuid"),
        column!("NODES", "/observation/nodes"),
        column!("AUTHENTICATION", "/auth/type"),
        column!("REPOSITORY", "/repository"),
        column!("ENGINE REPOSITORY", "/engine_repository"),
        column!("LOCATION", "/location"),
        column!("SNAPSHOTS HEALTHY", "/observation/healthy"),
        column!("RECENT SUCCESS", "/observation/recent_success"),
        column!("LATEST", "/observation/snapshots/latest_status"),
        column!("LATEST GOOD", "/observation/snapshots/latest_successful_name"),
        column!("PROBLEM", "/observation/problem"),
        column!("SEEN", "/observation/at"),
        Column {
            title: "REPOSITORIES",
            cell: seen::repositories,
        },
        Column {
            title: "POLICIES",
            cell: seen::policies,
        },
        Column {
            title: "IN NO GOOD SNAPSHOT",
            cell: seen::uncovered,
        },
        Column {
            title: "SHARED LOCATIONS",
            cell: seen::shared,
        },
        column!("ATTACHED", "/created_at"),
    ],
};

fn engine(row: &Value) -> String {
    format!("{} {}", text(row, "/distribution"), text(row, "/engine_version"))
}

/// The engine's own health, or why it is not known.
fn health(row: &Value) -> String {
    match row.pointer("/observation/reachable").and_then(Value::as_bool) {
        None => "not seen yet".to_owned(),
        Some(false) => "unreachable".to_owned(),
        Some(true) => text(row, "/observation/health"),
    }
}

fn last_good(row: &Value) -> String {
    match age(row, "/observation/last_good_age_seconds").as_str() {
        "-" => "never".to_owned(),
        age => format!("{age} ago"),
    }
}

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Attach(args) => attach::run(*args, context).await,
        Verb::Update(args) => update::run(*args, context).await,
        Verb::Alert(args) => alert::run(args, context).await,
        Verb::List { search } => {
            let clusters = all(&context.client(false)?, search.as_deref()).await?;
            print(&VIEW.list(context.format(), &clusters)?)
        }
        Verb::Show { cluster } => {
            let client = context.client(false)?;
            let id = resolve(&client, &cluster).await?;
            context.one(&VIEW, &client.get(&["clusters", &id]).await?)
        }
        Verb::Detach { cluster, yes } => {
            let client = context.client(false)?;
            let id = resolve(&client, &cluster).await?;
            secret::confirm(&format!("Forget cluster {cluster} and its credentials?"), yes)?;
            client
                .send(&Request::native(Method::DELETE, &["clusters", &id])?)
                .await?;
            context.note(&format!("detached {id}; nothing was changed on its engine"));
            Ok(())
        }
    }
}

/// The id of the cluster of that id or name.
///
/// # Errors
/// `NotFound`; usage when several have that name; what the server refuses.
pub async fn resolve(client: &Client, cluster: &str) -> Result<String> {
    if cluster.len() == 32 && cluster.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(cluster.to_owned());
    }
    match client.get(&["clusters", cluster]).await {
        Ok(found) => return Ok(text(&found, "/id")),
        // Names may hold what no id may: the server says 400 or 404 to those.
        Err(CliError::Api {
            status: 400 | 404, ..
        }) => {}
        Err(error) => return Err(error),
    }
    let named = all(client, Some(cluster)).await?;
    let ids: Vec<_> = named
        .iter()
        .filter(|row| row["name"] == cluster)
        .map(|row| text(row, "/id"))
        .collect();
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(CliError::NotFound(format!(
            "no cluster has the id or the name {cluster:?}"
        ))),
        several => Err(CliError::Usage(format!(
            "several clusters are named {cluster:?}: {}",
            several.join(", ")
        ))),
    }
}

/// All clusters, or those whose name or id contains `search`.
///
/// # Errors
/// What the server refuses.
pub async fn all(client: &Client, search: Option<&str>) -> Result<Vec<Value>> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let request = Request::native(Method::GET, &["clusters"])?
            .query("from", Some(rows.len()))
            .query("size", Some(PAGE))
            .query("q", search);
        let answer = client.send(&request).await?.body;
        let page = members(&answer, "clusters")?;
        rows.extend(page.iter().cloned());
        let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
        if page.is_empty() || rows.len() as u64 >= total {
            return Ok(rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cluster_that_was_not_seen_is_not_called_healthy() {
        assert_eq!(health(&json!({"observation": null})), "not seen yet");
        assert_eq!(
            health(&json!({"observation": {"reachable": false, "health": "green"}})),
            "unreachable"
        );
        assert_eq!(
            health(&json!({"observation": {"reachable": true, "health": "green"}})),
            "green"
        );
        assert_eq!(last_good(&json!({"observation": {}})), "never");
        assert_eq!(
            last_good(&json!({"observation": {"last_good_age_seconds": 61}})),
            "1m 1s ago"
        );
    }
}
