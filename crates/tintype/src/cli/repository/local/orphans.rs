//! `tintype repository orphans URL`.

use super::access::Place;
use super::cells::{size_at, time_at};
use super::output::{all_was_read, rows, show};
use super::run::survey;
use super::when;
use crate::cli::cells::{bytes, column, text};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Column, Format, View};
use jiff::Timestamp;
use std::time::Duration;
use tintype_repository::survey::Survey;
use tintype_repository::survey::orphans::{Grace, Orphans, Total};

/// What to look for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    place: Place,
    /// What was written within this time may belong to a snapshot that runs: it is in doubt [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = when::span)]
    grace: Option<Duration>,
    /// Nobody writes to this repository: what is young is no doubt either
    #[arg(long, conflicts_with = "grace")]
    read_only: bool,
}

const DAY: Duration = Duration::from_secs(86_400);

const VIEW: View = View {
    name: |row| text(row, "/blob"),
    columns: &[
        column!("CLASS", "/class"),
        column!("WHY", "/why"),
        column!("BLOBS", "/blobs"),
        Column {
            title: "SIZE",
            cell: |row| size_at(row, "/bytes"),
        },
        Column {
            title: "WRITTEN",
            cell: |row| time_at(row, "/modified"),
        },
        column!("BLOB", "/blob"),
    ],
    details: &[],
};

/// Lists them; nothing is ever deleted.
///
/// # Errors
/// Unknown: there is no repository, or not all of it could be read.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let grace = args.grace.unwrap_or(DAY).as_millis();
    let grace = Grace {
        now: Timestamp::now().as_millisecond(),
        ms: i64::try_from(grace).unwrap_or(i64::MAX),
        read_only: args.read_only,
    };
    let work = async move |survey: Survey| Ok(survey.orphans(grace).await);
    let orphans = survey(&args.place.repository, &args.place.access, context, work).await?;
    show(context, &orphans, &[("blobs", "orphan")], "blob", |value| {
        let found = rows(value, "blobs");
        let table = if found.is_empty() {
            String::new()
        } else {
            VIEW.list(Format::Table, found)? + "\n"
        };
        Ok(table + &totals(&orphans))
    })?;
    if orphans.moved {
        context.note("the repository was written to meanwhile: all of it is in doubt; look again");
    }
    if orphans.beside_base_unlisted {
        context.note(
            "hashed paths beside the base path cannot be listed with these rights: no index has one now; what deleted \
             indices left there is not known",
        );
    }
    all_was_read(&orphans.unreadable)
}

fn totals(orphans: &Orphans) -> String {
    let total =
        |what: &str, total: Total| format!("{what}: {} in {} blobs\n", bytes(total.bytes), total.blobs);
    let mut text = total("orphans", orphans.orphans) + &total("in doubt", orphans.in_doubt);
    if orphans.left_overs.blobs > 0 {
        text += &total("left by checks of access", orphans.left_overs);
    }
    if orphans.left_out > 0 {
        text += &format!("{} more are counted and not listed\n", orphans.left_out);
    }
    if orphans.orphans.blobs > 0 {
        text += "an engine removes them itself: POST /_snapshot/{repository}/_cleanup\n";
    }
    text
}
