//! `tintype repository verification start|list|show|schedule|unschedule`: what the server reads of a platform repository.

use crate::cli::cells::{self, column, text};
use crate::cli::client::{Client, Request};
use crate::cli::cluster;
use crate::cli::context::{Context, members};
use crate::cli::error::{CliError, Result};
use crate::cli::follow::Follower;
use crate::cli::output::{Column, Format, View, print};
use crate::cli::{duration, operation};
use clap::Subcommand;
use http::Method;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Let the server read the storage and say which snapshots can be restored
    Start(Box<StartArgs>),
    /// The repository's verifications, newest first
    List {
        /// The platform repository
        repository: String,
        /// Only of this cluster (id or name)
        #[arg(long, value_name = "CLUSTER")]
        cluster: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// One verification: each snapshot's verdict, and what was found
    Show {
        /// The platform repository
        repository: String,
        /// The verification's id; the newest when absent
        id: Option<String>,
    },
    /// Verify it by itself, again and again; without --every: show when
    Schedule(Box<ScheduleArgs>),
    /// Verify it only when somebody asks
    Unschedule {
        /// The platform repository
        repository: String,
    },
}

/// What to start.
#[derive(Debug, clap::Args)]
pub struct StartArgs {
    /// The platform repository; it needs a reader
    pub repository: String,
    /// The location of this cluster alone (id or name), instead of every cluster that uses the repository
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    #[command(flatten)]
    options: OptionArgs,
    /// Follow it to its end; exit code 3 when something cannot be restored. Needs --cluster
    #[arg(long, requires = "cluster")]
    pub wait: bool,
}

/// When to start by itself.
#[derive(Debug, clap::Args)]
pub struct ScheduleArgs {
    /// The platform repository; it needs a reader
    pub repository: String,
    /// From one start to the next, such as 24h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub every: Option<Duration>,
    /// Verify each snapshot that Tintype takes too, it alone, as soon as it is there
    #[arg(long)]
    pub after_snapshots: bool,
    #[command(flatten)]
    options: OptionArgs,
}

/// How it looks.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How to look")]
pub struct OptionArgs {
    /// How deep
    #[arg(long, value_parser = ["root", "metadata", "presence", "fingerprint", "checksum", "structure"])]
    level: Option<String>,
    /// Do not check the structure of Lucene's files; the level is then checksum, unless a lesser one is given
    #[arg(long)]
    no_structure: bool,
    /// Only this snapshot (name or uuid); may be given again
    #[arg(long = "snapshot", value_name = "NAME")]
    snapshots: Vec<String>,
    /// Only these indices, `*` stands for anything; may be given again
    #[arg(long = "index", value_name = "NAME")]
    indices: Vec<String>,
    /// Only the newest finished snapshot
    #[arg(long, conflicts_with = "snapshots")]
    latest: bool,
    /// Do not read again what was checked within this time
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    max_age: Option<Duration>,
    /// Stop reading data after so many bytes
    #[arg(long, value_name = "BYTES")]
    budget_bytes: Option<u64>,
    /// Stop reading data after so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    budget_time: Option<Duration>,
    /// Read no faster than so many bytes a second
    #[arg(long, value_name = "BYTES")]
    rate: Option<u64>,
    /// Attest each snapshot that proves restorable, with the server's key
    #[arg(long)]
    attest: bool,
}

impl OptionArgs {
    /// What the request says.
    ///
    /// # Errors
    /// Usage: options that contradict each other.
    fn body(&self) -> Result<Value> {
        let level = match self.level.as_deref() {
            Some("structure") if self.no_structure => {
                let words =
                    "--level structure and --no-structure contradict each other: give --level checksum";
                return Err(CliError::Usage(words.into()));
            }
            None if self.no_structure => Some("checksum"),
            level => level,
        };
        let seconds = |given: Option<Duration>| given.map(|given| given.as_secs().max(1));
        let list = |given: &[String]| (!given.is_empty()).then(|| json!(given));
        let members = [
            ("level", level.map(Value::from)),
            ("structure", self.no_structure.then_some(Value::Bool(false))),
            ("snapshots", list(&self.snapshots)),
            ("indices", list(&self.indices)),
            ("latest", self.latest.then_some(Value::Bool(true))),
            ("max_age_seconds", seconds(self.max_age).map(Value::from)),
            ("budget_bytes", self.budget_bytes.map(Value::from)),
            ("budget_seconds", seconds(self.budget_time).map(Value::from)),
            ("bytes_per_second", self.rate.map(Value::from)),
            ("attest", self.attest.then_some(Value::Bool(true))),
        ];
        let given = members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Value::Object(given.collect::<Map<_, _>>()))
    }
}

const LIST: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("ID", "/id"),
        column!("CLUSTER", "/cluster_id"),
        column!("STATUS", "/status"),
        column!("LEVEL", "/parameters/level"),
        column!("VERDICT", "/outcome/state"),
        Column {
            title: "RESTORABLE",
            cell: restorable,
        },
        column!("ERRORS", "/outcome/errors"),
        column!("STARTED", "/created_at"),
        Column {
            title: "TOOK",
            cell: |row| cells::between(row, "/created_at", "/finished_at"),
        },
    ],
    details: &[],
};

const SNAPSHOTS: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("SNAPSHOT", "/name"),
        column!("VERDICT", "/verdict"),
        column!("LEVEL", "/level"),
        Column {
            title: "OLDEST CHECK",
            cell: |row| at(row, "/oldest_check"),
        },
        column!("GLOBAL STATE", "/global_state"),
        column!("ENGINE", "/engine"),
        column!("WHY", "/why"),
    ],
    details: &[],
};

const FINDINGS: View = View {
    name: |row| text(row, "/blob"),
    columns: &[
        column!("SEVERITY", "/severity"),
        column!("KIND", "/kind"),
        column!("INDEX", "/index"),
        column!("SHARD", "/shard"),
        column!("SNAPSHOTS", "/snapshots"),
        column!("MESSAGE", "/message"),
    ],
    details: &[],
};

const SCHEDULE: View = View {
    name: |row| text(row, "/repository"),
    columns: &[
        column!("REPOSITORY", "/repository"),
        Column {
            title: "EVERY",
            cell: |row| cells::age(row, "/every_seconds"),
        },
        column!("AFTER SNAPSHOTS", "/after_snapshots"),
        column!("LEVEL", "/options/level"),
        column!("LAST START", "/last_started_at"),
        column!("NEXT START", "/next_start_at"),
    ],
    details: &[column!("OPTIONS", "/options")],
};

fn restorable(row: &Value) -> String {
    match row.pointer("/outcome/snapshots").and_then(Value::as_u64) {
        Some(all) => format!("{} of {all}", text(row, "/outcome/restorable")),
        None => "-".to_owned(),
    }
}

/// Milliseconds since 1970 as RFC 3339.
fn at(row: &Value, pointer: &str) -> String {
    let millis = row.pointer(pointer).and_then(Value::as_i64);
    let at = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Start(args) => start(&args, context).await,
        Verb::List {
            repository,
            cluster,
            limit,
        } => {
            let client = context.client(false)?;
            let answer = page(&client, &repository, cluster, limit).await?;
            context.list(&LIST, &answer, "verifications")
        }
        Verb::Show { repository, id } => show(&repository, id, context).await,
        Verb::Schedule(args) => schedule(&args, context).await,
        Verb::Unschedule { repository } => {
            let path = ["repositories", &repository, "verification-schedule"];
            let request = Request::native(Method::DELETE, &path)?;
            context.client(false)?.send(&request).await?;
            context.note(&format!("{repository} is verified only when somebody asks"));
            Ok(())
        }
    }
}

async fn start(args: &StartArgs, context: &Context) -> Result<()> {
    let mut body = json!({"options": args.options.body()?});
    let client = context.client(args.wait)?;
    if let Some(cluster) = &args.cluster {
        body["cluster_id"] = cluster::resolve(&client, cluster).await?.into();
    }
    let path = ["repositories", &args.repository, "verifications"];
    let request = Request::native(Method::POST, &path)?.body(body);
    let begun = client.send(&request).await?.body;
    match members(&begun, "operations")?.as_slice() {
        [one] if args.wait => {
            let id = text(one, "/id");
            context.note(&format!("operation {id}"));
            Follower::new(&client, context)?.follow(&id).await
        }
        _ => context.list(&operation::VIEW, &begun, "operations"),
    }
}

async fn page(client: &Client, repository: &str, cluster: Option<String>, limit: usize) -> Result<Value> {
    let cluster = match cluster {
        Some(cluster) => Some(cluster::resolve(client, &cluster).await?),
        None => None,
    };
    let request = Request::native(Method::GET, &["repositories", repository, "verifications"])?
        .query("cluster", cluster)
        .query("limit", Some(limit));
    Ok(client.send(&request).await?.body)
}

async fn show(repository: &str, id: Option<String>, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let id = match id {
        Some(id) => id,
        None => newest(&client, repository).await?,
    };
    let found = client
        .get(&["repositories", repository, "verifications", &id])
        .await?;
    if context.format() != Format::Table {
        return context.one(&LIST, &found);
    }
    context.one(&operation::VIEW, &found)?;
    if let Some(report) = found.get("report") {
        print("\n")?;
        context.list(&SNAPSHOTS, report, "snapshots")?;
        if !members(report, "findings")?.is_empty() {
            print("\n")?;
            context.list(&FINDINGS, report, "findings")?;
        }
    }
    Ok(())
}

async fn newest(client: &Client, repository: &str) -> Result<String> {
    let answer = page(client, repository, None, 1).await?;
    let missing = || CliError::Failed(format!("{repository} was never verified"));
    let first = members(&answer, "verifications")?.first().ok_or_else(missing)?;
    Ok(text(first, "/id"))
}

async fn schedule(args: &ScheduleArgs, context: &Context) -> Result<()> {
    let given = args.options.body()?;
    let client = context.client(false)?;
    let path = ["repositories", &args.repository, "verification-schedule"];
    let Some(every) = args.every else {
        if args.after_snapshots || given.as_object().is_some_and(|given| !given.is_empty()) {
            return Err(CliError::Usage("give --every DURATION too".into()));
        }
        return context.one(&SCHEDULE, &client.get(&path).await?);
    };
    let mut body = json!({"every_seconds": every.as_secs(), "options": given});
    if args.after_snapshots {
        body["after_snapshots"] = true.into();
    }
    let request = Request::native(Method::PUT, &path)?.body(body);
    context.one(&SCHEDULE, &client.send(&request).await?.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_sent() {
        assert_eq!(OptionArgs::default().body().unwrap(), json!({}));
        let args = OptionArgs {
            level: Some("presence".into()),
            indices: vec!["a*".into()],
            max_age: Some(Duration::from_millis(1)),
            rate: Some(7),
            ..OptionArgs::default()
        };
        let expected =
            json!({"level": "presence", "indices": ["a*"], "max_age_seconds": 1, "bytes_per_second": 7});
        assert_eq!(args.body().unwrap(), expected);
    }

    #[test]
    fn without_the_structure_the_level_is_a_lesser_one() {
        let of = |level: Option<&str>| OptionArgs {
            level: level.map(str::to_owned),
            no_structure: true,
            ..OptionArgs::default()
        };
        for (given, level) in [(None, "checksum"), (Some("fingerprint"), "fingerprint")] {
            let expected = json!({"level": level, "structure": false});
            assert_eq!(of(given).body().unwrap(), expected, "{given:?}");
        }
        let refused = of(Some("structure")).body();
        assert_eq!(refused.unwrap_err().exit_code(), 2);
    }

    #[test]
    fn times_of_a_report_are_shown_as_others_are() {
        assert_eq!(at(&json!({"at": 0}), "/at"), "1970-01-01T00:00:00Z");
        assert_eq!(at(&json!({"at": null}), "/at"), "-");
    }
}
