//! `tintype snapshot take|list|show|restore|delete`.

use super::cells::{between, column, count, text};
use super::client::Request;
use super::context::Context;
use super::error::{CliError, Result};
use super::output::{Column, Format, View, document, print};
use super::{cells, cluster};
use clap::Subcommand;
use http::Method;
use serde_json::Value;

pub mod delete;
pub mod restore;
pub mod take;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Take a snapshot of a cluster
    Take(take::Args),
    /// The snapshots in a cluster's repository, newest first, whoever took them
    List {
        /// The cluster's id or name
        cluster: String,
        /// The platform's or the engine's name of a repository; the cluster's own when absent
        #[arg(long, value_name = "NAME")]
        repository: Option<String>,
        /// In every repository of the cluster's engine
        #[arg(long, conflicts_with = "repository")]
        all_repositories: bool,
        /// Only snapshots in these states, such as PARTIAL,FAILED
        #[arg(long, value_name = "STATE", value_delimiter = ',')]
        state: Vec<String>,
        /// At most so many, the newest [default: 1000]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: Option<u32>,
    },
    /// One snapshot
    Show {
        /// The cluster's id or name
        cluster: String,
        /// REPOSITORY/NAME, or REPOSITORY NAME
        #[arg(num_args = 1..=2, required = true, value_name = "REPOSITORY/NAME")]
        snapshot: Vec<String>,
        /// Print a shell script of plain curl commands that restores it without Tintype
        #[arg(long)]
        runbook: bool,
        /// Print what the server attested of it, for `repository verify --attestation`
        #[arg(long, conflicts_with = "runbook")]
        attestation: bool,
    },
    /// Restore indices of a snapshot on the same cluster, under names that do not exist yet
    Restore(restore::Args),
    /// Delete a snapshot that Tintype made
    Delete(delete::Args),
}

const VIEW: View = View {
    name: |row| format!("{}/{}", text(row, "/repository"), text(row, "/name")),
    columns: &[
        column!("REPOSITORY", "/repository"),
        column!("NAME", "/name"),
        column!("STATE", "/state"),
        column!("GOOD", "/good"),
        Column {
            title: "INDICES",
            cell: |row| count(row, "/indices"),
        },
        Column {
            title: "SHARDS",
            cell: shards,
        },
        column!("STARTED", "/start_time"),
        Column {
            title: "TOOK",
            cell: |row| between(row, "/start_time", "/end_time"),
        },
        column!("BY TINTYPE", "/made_by_tintype"),
        Column {
            title: "PROOF",
            cell: proof,
        },
    ],
    details: &[
        column!("UUID", "/uuid"),
        column!("VERIFICATION", "/proof/verification"),
        column!("ATTESTED", "/proof/attested_at"),
        column!("OPERATION", "/operation"),
        column!("INDEX NAMES", "/indices"),
        Column {
            title: "FAILURES",
            cell: failures,
        },
    ],
};

/// How deep its storage was last looked at, what came of it, and how old the oldest check is that this rests on.
fn proof(row: &Value) -> String {
    let Some(proof) = row.get("proof").filter(|proof| proof.is_object()) else {
        return "-".to_owned();
    };
    let oldest = proof.get("oldest_check").and_then(Value::as_str);
    let oldest = oldest.and_then(|oldest| oldest.parse::<jiff::Timestamp>().ok());
    let age = oldest.map_or_else(
        || "-".to_owned(),
        |at| cells::seconds(jiff::Timestamp::now().duration_since(at).as_secs_f64().max(0.0)),
    );
    match text(proof, "/verdict").as_str() {
        "restorable" => format!("{}, {age}", text(proof, "/level")),
        verdict => format!("{} ({}, {age})", verdict.replace('_', " "), text(proof, "/level")),
    }
}

fn shards(row: &Value) -> String {
    let failed = row.pointer("/shards/failed").and_then(Value::as_u64).unwrap_or(0);
    let all = format!("{} of {}", text(row, "/shards/done"), text(row, "/shards/total"));
    if failed == 0 {
        all
    } else {
        format!("{all}, {failed} failed")
    }
}

fn failures(row: &Value) -> String {
    let failures = row
        .get("failures")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let line = |f: &Value| {
        format!(
            "{}[{}]: {}",
            text(f, "/index"),
            text(f, "/shard"),
            text(f, "/reason")
        )
    };
    let shown: Vec<_> = failures.iter().take(5).map(line).collect();
    match failures.len() {
        0 => "-".to_owned(),
        n if n > shown.len() => format!("{}; and {} more", shown.join("; "), n - shown.len()),
        _ => shown.join("; "),
    }
}

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Take(args) => take::run(args, context).await,
        Verb::Restore(args) => restore::run(args, context).await,
        Verb::Delete(args) => delete::run(args, context).await,
        Verb::List {
            cluster,
            repository,
            all_repositories,
            state,
            limit,
        } => {
            let client = context.client(false)?;
            let id = cluster::resolve(&client, &cluster).await?;
            let request = Request::native(Method::GET, &["clusters", &id, "snapshots"])?;
            let repository = all_repositories.then(|| "_all".to_owned()).or(repository);
            let states = (!state.is_empty()).then(|| state.join(","));
            let request = request
                .query("repository", repository)
                .query("state", states)
                .query("limit", limit);
            let answer = client.send(&request).await?.body;
            tell(context, &answer);
            context.list(&VIEW, &answer, "snapshots")
        }
        Verb::Show {
            cluster,
            snapshot,
            runbook,
            attestation,
        } => {
            let (repository, name) = parse_snapshot(&snapshot)?;
            let client = context.client(false)?;
            let id = cluster::resolve(&client, &cluster).await?;
            let path = ["clusters", &id, "snapshots", &repository, &name];
            if attestation {
                let found = client.get(&[&path[..], &["attestation"]].concat()).await?;
                return print_text(context, &found, "document");
            }
            if runbook {
                let found = client.get(&[&path[..], &["runbook"]].concat()).await?;
                return print_text(context, &found, "script");
            }
            context.one(&VIEW, &client.get(&path).await?)
        }
    }
}

/// A text as it is, for people and files; whole for the formats of programs.
fn print_text(context: &Context, found: &Value, member: &str) -> Result<()> {
    match context.format() {
        Format::Table | Format::Name => print(found[member].as_str().unwrap_or_default()),
        format => print(&document(format, found)?),
    }
}

/// What the list itself cannot show: repositories that were not read, and snapshots beyond the limit.
fn tell(context: &Context, answer: &Value) {
    for (repository, problem) in answer
        .get("problems")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let problem = problem.as_str().unwrap_or_default();
        context.note(&format!("warning: {repository} could not be read: {problem}"));
    }
    let shown = answer
        .get("snapshots")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
    if total > shown as u64 {
        context.note(&format!("{} more are there; see --limit", total - shown as u64));
    }
}

/// `REPOSITORY/NAME` or `REPOSITORY NAME`.
fn parse_snapshot(words: &[String]) -> Result<(String, String)> {
    let pair = match words {
        [both] => both
            .split_once('/')
            .map(|(repository, name)| (repository.to_owned(), name.to_owned())),
        [repository, name] => Some((repository.clone(), name.clone())),
        _ => None,
    };
    pair.filter(|(repository, name)| !repository.is_empty() && !name.is_empty())
        .ok_or_else(|| CliError::Usage("name the snapshot as REPOSITORY/NAME".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_snapshot_is_named_with_its_repository() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected = ("r".to_owned(), "s".to_owned());
        assert_eq!(parse_snapshot(&words(&["r/s"])).unwrap(), expected);
        assert_eq!(parse_snapshot(&words(&["r", "s"])).unwrap(), expected);
        for bad in [&["s"][..], &["/s"], &["r/"], &["r", ""], &[]] {
            assert_eq!(parse_snapshot(&words(bad)).unwrap_err().exit_code(), 2);
        }
    }

    #[test]
    fn a_proof_says_how_deep_it_is_and_leads_with_what_is_wrong() {
        let row = |verdict| json!({"proof": {"verdict": verdict, "level": "checksum", "oldest_check": "2020-01-01T00:00:00Z"}});
        assert!(proof(&row("restorable")).starts_with("checksum, "));
        assert!(proof(&row("in_part")).starts_with("in part (checksum, "));
        assert_eq!(proof(&json!({"proof": null})), "-");
        assert_eq!(proof(&json!({})), "-");
    }

    #[test]
    fn failed_shards_are_counted_and_the_first_are_named() {
        let failure = json!({"index": "i", "shard": 0, "reason": "gone"});
        let row = json!({"shards": {"total": 9, "done": 2, "failed": 7}, "failures": vec![failure; 7]});
        assert_eq!(shards(&row), "2 of 9, 7 failed");
        assert!(failures(&row).ends_with("i[0]: gone; and 2 more"));
    }
}
