//! `tintype repository ls URL`.

use super::access::Place;
use super::cells::{size_at, time_at};
use super::output::{all_was_read, rows, show};
use super::run::survey;
use crate::cli::cells::{column, text};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Column, Format, View};
use serde_json::Value;

/// What to list.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    place: Place,
    /// Do not read the shards: fast, and without documents and sizes
    #[arg(long)]
    no_shards: bool,
}

const VIEW: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("SNAPSHOT", "/name"),
        column!("STATE", "/state"),
        Column {
            title: "STARTED",
            cell: |row| time_at(row, "/started"),
        },
        Column {
            title: "ENDED",
            cell: |row| time_at(row, "/ended"),
        },
        column!("INDICES", "/indices"),
        Column {
            title: "SHARDS",
            cell: shards,
        },
        column!("DOCUMENTS", "/documents"),
        Column {
            title: "SIZE",
            cell: |row| size_at(row, "/bytes"),
        },
        column!("ENGINE", "/engine"),
    ],
    details: &[],
};

/// How many lie there, of how many: clones of OpenSearch count none.
fn shards(row: &Value) -> String {
    let number = |pointer| row.pointer(pointer).and_then(Value::as_u64);
    let total = number("/shards_total").unwrap_or_default();
    match (number("/shards"), number("/shards_failed").unwrap_or_default()) {
        (Some(here), _) => format!("{here} of {}", total.max(here)),
        (None, failed) => format!("{} of {total}", total.saturating_sub(failed)),
    }
}

/// Lists the snapshots.
///
/// # Errors
/// Unknown: there is no repository, or not all of it could be read.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let shards = !args.no_shards;
    let work = async move |survey: tintype_repository::survey::Survey| Ok(survey.ls(shards).await);
    let ls = survey(&args.place.repository, &args.place.access, context, work).await?;
    show(context, &ls, &[("snapshots", "snapshot")], "name", |ls| {
        VIEW.list(Format::Table, rows(ls, "snapshots"))
    })?;
    if ls.snapshots.iter().any(|snapshot| snapshot.other_store) {
        context.note("shallow copies are among them: their data lies in another store and is not counted");
    }
    all_was_read(&ls.unreadable)
}
