//! `tintype repository show URL SNAPSHOT`.

use super::access::{AccessArgs, refused};
use super::cells::{size_at, time};
use super::output::{all_was_read, rows, show};
use super::run::survey;
use crate::cli::cells::{bytes, column, plain, text};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Column, Format, View, pairs};
use serde_json::Value;
use tintype_repository::survey::Survey;
use tintype_repository::survey::show::Show;
use tintype_repository::verify::matches;

const VIEW: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("INDEX", "/name"),
        Column {
            title: "SHARDS",
            cell: |row| format!("{} of {}", text(row, "/shards_here"), text(row, "/shards")),
        },
        column!("DOCUMENTS", "/documents"),
        column!("DELETED", "/deleted"),
        column!("FILES", "/files"),
        Column {
            title: "SIZE",
            cell: |row| size_at(row, "/bytes"),
        },
        Column {
            title: "ADDED",
            cell: |row| size_at(row, "/bytes_added"),
        },
        column!("FIELDS", "/fields"),
        column!("REPLICAS", "/settings/index.number_of_replicas"),
        Column {
            title: "LUCENE",
            cell: |row| {
                let majors = row.get("lucene_majors").and_then(Value::as_array);
                let majors: Vec<String> = majors.into_iter().flatten().map(Value::to_string).collect();
                if majors.is_empty() {
                    "-".to_owned()
                } else {
                    majors.join(",")
                }
            },
        },
        column!("MADE BY", "/created_by"),
        Column {
            title: "RESTORED BY",
            cell: restorers,
        },
    ],
    details: &[],
};

/// Which engines can restore an index.
fn restorers(row: &Value) -> String {
    let words = row.get("restored_by").and_then(Value::as_array);
    let words: Vec<&str> = words.into_iter().flatten().filter_map(Value::as_str).collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(", ")
    }
}

/// Shows one snapshot; `indices` are names, `*` stands for anything, none is all.
///
/// # Errors
/// Not found: the snapshot. Unknown: there is no repository, or not all of it could be read.
pub async fn run(
    url: &str,
    snapshot: String,
    indices: Vec<String>,
    access: &AccessArgs,
    context: &Context,
) -> Result<()> {
    let work = async move |survey: Survey| {
        let chosen = |name: &str| indices.is_empty() || indices.iter().any(|pattern| matches(pattern, name));
        survey.show(&snapshot, chosen).await.map_err(refused)
    };
    let shown = survey(url, access, context, work).await?;
    show(
        context,
        &shown,
        &[("indices", "index"), ("failures", "failure")],
        "name",
        |value| {
            let indices = VIEW.list(Format::Table, rows(value, "indices"))?;
            Ok(format!("{}\n{indices}{}", head(&shown), tail(&shown)))
        },
    )?;
    all_was_read(&shown.unreadable)
}

fn head(shown: &Show) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let snapshot = &shown.snapshot;
    let global = shown
        .global_state
        .map(|has| if has { "yes" } else { "no" }.to_owned());
    let failed = shown.failures.len();
    pairs(
        [
            ("SNAPSHOT", plain(&snapshot.name)),
            ("UUID", plain(&snapshot.uuid)),
            ("STATE", plain(&snapshot.state)),
            ("REASON", or_dash(shown.reason.as_deref().map(plain))),
            ("STARTED", time(snapshot.started)),
            ("ENDED", time(snapshot.ended)),
            ("ENGINE", or_dash(snapshot.engine.clone())),
            ("POLICY", or_dash(snapshot.policy.as_deref().map(plain))),
            ("GLOBAL STATE", or_dash(global)),
            (
                "DATA STREAMS",
                or_dash((!shown.data_streams.is_empty()).then(|| plain(&shown.data_streams.join(",")))),
            ),
            (
                "METADATA",
                or_dash(
                    shown
                        .metadata
                        .as_ref()
                        .map(|metadata| plain(&metadata.to_string())),
                ),
            ),
            (
                "DOCUMENTS",
                or_dash(shown.documents.map(|documents| documents.to_string())),
            ),
            ("SIZE", bytes(shown.bytes)),
            ("ADDED", bytes(shown.bytes_added)),
            ("FAILED SHARDS", failed.to_string()),
        ]
        .into_iter(),
    )
}

fn tail(shown: &Show) -> String {
    let mut lines = Vec::new();
    for failure in &shown.failures {
        lines.push(format!(
            "{}, shard {} failed: {}",
            failure.index, failure.shard, failure.reason
        ));
    }
    for index in &shown.indices {
        if let Some(mounted) = &index.mounted {
            let snapshot = mounted.snapshot.as_deref().unwrap_or("another snapshot");
            let repository = mounted
                .repository
                .as_deref()
                .unwrap_or("a repository that is not named");
            lines.push(format!(
                "{} is mounted from {snapshot} in {repository}: its data lies there",
                index.name
            ));
        }
    }
    if shown.other_store {
        lines.push("a shallow copy: its data lies in another store and is not counted".to_owned());
    }
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines
        .iter()
        .map(|line| plain(line).replace('\n', " ") + "\n")
        .collect();
    format!("\n{lines}")
}
