//! `tintype repository du URL`.

use super::access::Place;
use super::cells::{size_at, time, time_at};
use super::output::{all_was_read, rows, show};
use super::run::survey;
use super::when;
use crate::cli::cells::{bytes, column, text};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Column, Format, View};
use serde_json::Value;
use tintype_repository::survey::Survey;
use tintype_repository::survey::du::{Du, Older};

/// What to count.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    place: Place,
    /// Tell what deleting all snapshots would free that began before a date (2026-11-28), a time, or so long ago (30d)
    #[arg(long, value_name = "DATE|DURATION", value_parser = when::time)]
    older_than: Option<i64>,
}

const VIEW: View = View {
    name: |row| text(row, "/name"),
    columns: &[
        column!("SNAPSHOT", "/name"),
        Column {
            title: "STARTED",
            cell: |row| time_at(row, "/started"),
        },
        Column {
            title: "SIZE",
            cell: |row| size_at(row, "/all/data_bytes"),
        },
        Column {
            title: "SHARED",
            cell: |row| size_at(row, "/shared_bytes"),
        },
        Column {
            title: "UNIQUE",
            cell: |row| size_at(row, "/unique/data_bytes"),
        },
        Column {
            title: "METADATA",
            cell: |row| size_at(row, "/unique/metadata_bytes"),
        },
        Column {
            title: "DELETING FREES",
            cell: freed,
        },
    ],
    details: &[],
};

fn freed(row: &Value) -> String {
    let part = |pointer| row.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    bytes(part("/unique/data_bytes").saturating_add(part("/unique/metadata_bytes")))
}

/// Counts.
///
/// # Errors
/// Unknown: there is no repository, or not all of it could be read.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let before = args.older_than;
    let work = async move |survey: Survey| Ok(survey.du(before).await);
    let du = survey(&args.place.repository, &args.place.access, context, work).await?;
    show(context, &du, &[("snapshots", "snapshot")], "name", |value| {
        Ok(VIEW.list(Format::Table, rows(value, "snapshots"))? + &totals(&du))
    })?;
    if du.snapshots.iter().any(|snapshot| snapshot.other_store) {
        context.note("shallow copies are among them: their data lies in another store and is not counted");
    }
    all_was_read(&du.unreadable)
}

fn totals(du: &Du) -> String {
    let all = format!(
        "\nall {} snapshots: {} in {} files, {} of metadata\n",
        du.snapshots.len(),
        bytes(du.all.data_bytes),
        du.all.blobs,
        bytes(du.all.metadata_bytes)
    );
    all + &du.older.as_ref().map(older).unwrap_or_default()
}

fn older(older: &Older) -> String {
    let mut text = format!(
        "deleting the {} snapshots before {} frees {}: {} of data, {} of metadata\n",
        older.snapshots.len(),
        time(Some(older.before)),
        bytes(older.frees.bytes()),
        bytes(older.frees.data_bytes),
        bytes(older.frees.metadata_bytes)
    );
    if !older.undated.is_empty() {
        text += &format!("their time is not known, so they are not among them: {}\n", older.undated.join(", "));
    }
    text
}
