//! `tintype repository diff URL A B`.

use super::access::{Place, refused};
use super::cells::size_at;
use super::output::{all_was_read, show};
use super::run::survey;
use crate::cli::cells::{bytes, column, plain, text};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Column, Format, View};
use serde_json::Value;
use tintype_repository::survey::Survey;
use tintype_repository::survey::diff::{Change, Diff, IndexDiff};
use tintype_repository::survey::mapping::Changes;

/// What to compare.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    place: Place,
    /// The first snapshot, by name or uuid
    a: String,
    /// The second snapshot
    b: String,
    /// Show indices too in which nothing differs
    #[arg(long)]
    all: bool,
}

/// How many differences of one index a table shows; `-o json` has more.
const SHOWN: usize = 20;

const VIEW: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("INDEX", "/name"),
        column!("CHANGE", "/change"),
        Column {
            title: "DOCUMENTS",
            cell: |row| from_to(&text(row, "/a/documents"), &text(row, "/b/documents")),
        },
        Column {
            title: "SIZE",
            cell: |row| from_to(&size_at(row, "/a/bytes"), &size_at(row, "/b/bytes")),
        },
        Column {
            title: "NEW",
            cell: |row| size_at(row, "/blobs/added_bytes"),
        },
        Column {
            title: "GONE",
            cell: |row| size_at(row, "/blobs/removed_bytes"),
        },
        column!("SETTINGS", "/settings/count"),
        column!("MAPPINGS", "/mappings/count"),
    ],
    details: &[],
};

fn from_to(a: &str, b: &str) -> String {
    if a == b { a.to_owned() } else { format!("{a} → {b}") }
}

/// Compares.
///
/// # Errors
/// Not found: one of the snapshots. Unknown: there is no repository, or not all of it could be read.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let (a, b) = (args.a, args.b);
    let work = async move |survey: Survey| survey.diff(&a, &b).await.map_err(refused);
    let mut diff = survey(&args.place.repository, &args.place.access, context, work).await?;
    if !args.all {
        diff.indices.retain(|index| index.change != Change::Same);
    }
    show(context, &diff, &[("indices", "index")], "name", |value| table(&diff, value))?;
    all_was_read(&diff.unreadable)
}

fn table(diff: &Diff, value: &Value) -> Result<String> {
    let mut table = VIEW.list(Format::Table, super::output::rows(value, "indices"))?;
    for index in &diff.indices {
        table += &details(index);
    }
    let blobs = diff.blobs;
    table += &format!(
        "\nfrom {} to {}: {} new in {} files, {} gone in {}, {} kept in {}\n",
        plain(&diff.a.name),
        plain(&diff.b.name),
        bytes(blobs.added_bytes),
        blobs.added,
        bytes(blobs.removed_bytes),
        blobs.removed,
        bytes(blobs.kept_bytes),
        blobs.kept
    );
    Ok(table)
}

fn details(index: &IndexDiff) -> String {
    let mut lines = Vec::new();
    if index.recreated {
        lines.push("deleted and made anew in between".to_owned());
    }
    lines.extend(index.aliases_added.iter().map(|alias| format!("alias {alias}: new")));
    lines.extend(index.aliases_removed.iter().map(|alias| format!("alias {alias}: gone")));
    lines.extend(changes("setting", &index.settings));
    lines.extend(changes("mapping", &index.mappings));
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("  {}\n", plain(line).replace('\n', " "))).collect();
    format!("\n{}\n{lines}", plain(&index.name))
}

fn changes(what: &str, changes: &Changes) -> Vec<String> {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), Value::to_string);
    let shown = changes.first.iter().take(SHOWN);
    let mut lines: Vec<String> = shown
        .map(|change| format!("{what} {}: {} → {}", change.path, value(&change.a), value(&change.b)))
        .collect();
    let left = changes.count.saturating_sub(lines.len() as u64);
    if left > 0 {
        lines.push(format!("{what}: {left} more"));
    }
    lines
}
