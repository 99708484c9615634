//! `tintype status`: the fleet on one screen.

use super::cells::{age, column, count, text};
use super::client::{Client, Request};
use super::context::{Context, members};
use super::duration;
use super::error::{CliError, Result};
use super::output::{Column, Format, View, document, print};
use http::Method;
use serde_json::Value;
use std::io::IsTerminal;
use std::time::Duration;

/// What the server gives in one page.
const PAGE: usize = 500;
/// Rows on a terminal unless asked otherwise: what fits on one screen beside the totals.
const SCREEN: usize = 40;
/// Verdicts, the worst first, as the server orders them.
const VERDICTS: [&str; 5] = ["unreachable", "failing", "never", "late", "ok"];

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A cluster is late when its last good snapshot is older [default: the server's, 24h]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    max_age: Option<Duration>,
    /// Only clusters with these verdicts, for the rows and for the exit code
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', value_parser = VERDICTS)]
    only: Vec<String>,
    /// At most so many rows [default: 40 on a terminal, else all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("VERDICT", "/verdict"),
        column!("CLUSTER", "/name"),
        Column {
            title: "ENGINE",
            cell: |row| format!("{} {}", text(row, "/distribution"), text(row, "/engine_version")),
        },
        column!("HEALTH", "/health"),
        Column {
            title: "LAST GOOD",
            cell: last_good,
        },
        Column {
            title: "NEWEST",
            cell: |row| text(row, "/newest/state"),
        },
        column!("SNAPSHOTS", "/snapshots"),
        column!("NOT COVERED", "/uncovered_indices"),
        Column {
            title: "WHY",
            cell: why,
        },
    ],
    details: &[],
};

fn last_good(row: &Value) -> String {
    match age(row, "/last_good/age_seconds").as_str() {
        "-" => "never".to_owned(),
        age => format!("{age} ago"),
    }
}

/// The first reason, short enough for a line, and how many more there are.
fn why(row: &Value) -> String {
    const LONGEST: usize = 60;
    let first = text(row, "/reasons/0");
    let mut short: String = first.chars().take(LONGEST).collect();
    if short.len() < first.len() {
        short.push('…');
    }
    match count(row, "/reasons").parse::<usize>().unwrap_or(0) {
        0 => "-".to_owned(),
        1 => short,
        several => format!("{short} (+{})", several - 1),
    }
}

/// Shows the fleet.
///
/// # Errors
/// `NotGood` when a cluster that was asked for is not ok; else see [`CliError`].
pub async fn run(args: &Args, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let screen = std::io::stdout().is_terminal() && context.format() == Format::Table;
    let limit = args.limit.unwrap_or(if screen { SCREEN } else { usize::MAX });
    let fleet = read(&client, args, limit).await?;
    print(&match context.format() {
        Format::Table => table(&fleet, args)?,
        Format::Json | Format::Yaml => document(context.format(), &fleet)?,
        format => VIEW.list(format, members(&fleet, "clusters")?)?,
    })?;
    match bad(&fleet, args) {
        0 => Ok(()),
        bad => Err(CliError::NotGood(format!(
            "{bad} of {} clusters are not ok",
            text(&fleet, "/total")
        ))),
    }
}

/// The server's answer, with as many rows as are wanted.
async fn read(client: &Client, args: &Args, limit: usize) -> Result<Value> {
    let seconds = args.max_age.map(|age| age.as_secs().max(1));
    let only = (!args.only.is_empty()).then(|| args.only.join(","));
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let size = PAGE.min(limit.saturating_sub(rows.len())).max(1);
        let request = Request::native(Method::GET, &["status"])?
            .query("max_age_seconds", seconds)
            .query("only", only.clone())
            .query("from", Some(rows.len()))
            .query("size", Some(size));
        let mut fleet = client.send(&request).await?.body;
        let page = members(&fleet, "clusters")?;
        let ended = page.len() < size;
        rows.extend(page.iter().cloned());
        if ended || rows.len() >= limit {
            rows.truncate(limit);
            fleet["clusters"] = Value::Array(rows);
            return Ok(fleet);
        }
    }
}

fn counted(fleet: &Value, verdict: &str) -> u64 {
    let counts = fleet.get("counts").and_then(|counts| counts.get(verdict));
    counts.and_then(Value::as_u64).unwrap_or(0)
}

/// The verdicts that were asked for.
fn asked<'a>(args: &'a Args) -> impl Iterator<Item = &'static str> + 'a {
    let all = VERDICTS.into_iter();
    all.filter(|word| args.only.is_empty() || args.only.iter().any(|only| only == word))
}

fn bad(fleet: &Value, args: &Args) -> u64 {
    let bad = asked(args).filter(|verdict| *verdict != "ok");
    bad.map(|verdict| counted(fleet, verdict)).sum()
}

fn table(fleet: &Value, args: &Args) -> Result<String> {
    let rows = members(fleet, "clusters")?;
    let mut shown = VIEW.list(Format::Table, rows)?;
    let left_out = asked(args).filter_map(|verdict| {
        let here = rows.iter().filter(|row| row["verdict"] == verdict).count() as u64;
        let more = counted(fleet, verdict).saturating_sub(here);
        (more > 0).then(|| format!("{more} {verdict}"))
    });
    let left_out: Vec<String> = left_out.collect();
    if !left_out.is_empty() {
        shown.push_str(&format!("… and {} more; see --limit\n", left_out.join(", ")));
    }
    let counts = VERDICTS.map(|verdict| (verdict, counted(fleet, verdict)));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    let seconds = fleet
        .get("max_age_seconds")
        .and_then(Value::as_f64)
        .unwrap_or(0.0);
    let age = super::cells::seconds(seconds);
    shown.push_str(&format!(
        "\n{} clusters: {}. Late is a last good snapshot older than {age}.\n",
        text(fleet, "/total"),
        if counts.is_empty() {
            "none attached".to_owned()
        } else {
            counts.join(", ")
        }
    ));
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn args(only: &[&str]) -> Args {
        Args {
            max_age: None,
            only: only.iter().map(|word| (*word).to_owned()).collect(),
            limit: None,
        }
    }

    fn fleet() -> Value {
        json!({"total": 12, "max_age_seconds": 86_400, "counts": {"failing": 1, "late": 1, "ok": 10, "never": 0},
            "clusters": [
                {"verdict": "failing", "name": "a", "reasons": ["x".repeat(80), "second"], "id": "1"},
                {"verdict": "late", "name": "b", "reasons": ["old"], "last_good": {"age_seconds": 90_000}},
                {"verdict": "ok", "name": "c", "reasons": [], "last_good": {"age_seconds": 60}}]})
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_last_line_counts_all() {
        let shown = table(&fleet(), &args(&[])).unwrap();
        assert!(shown.contains("… and 9 ok more; see --limit"), "{shown}");
        assert!(
            shown.contains("\n12 clusters: 1 failing, 1 late, 10 ok."),
            "{shown}"
        );
        assert!(shown.contains(&format!("{}… (+1)\n", "x".repeat(60))), "{shown}");
        assert!(shown.contains("1d 1h ago"), "{shown}");
    }

    #[test]
    fn only_what_was_asked_for_is_bad() {
        assert_eq!(bad(&fleet(), &args(&[])), 2);
        assert_eq!(bad(&fleet(), &args(&["late", "ok"])), 1);
        assert_eq!(bad(&fleet(), &args(&["never"])), 0);
    }
}
