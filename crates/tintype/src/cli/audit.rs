//! `tintype audit list`.

use super::cells::{column, text};
use super::client::Request;
use super::context::{Context, members};
use super::duration;
use super::error::{CliError, Result};
use super::output::{Column, View, print};
use crate::clock::{Clock, SystemClock};
use clap::Subcommand;
use http::Method;
use serde_json::Value;

/// What the server gives in one page.
const PAGE: usize = 100;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Changes and refusals, newest first
    List(ListArgs),
}

/// Which rows.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only what this user asked for
    #[arg(long, value_name = "USER")]
    principal: Option<String>,
    /// Only this action, such as `detach_cluster`
    #[arg(long)]
    action: Option<String>,
    /// Only what was about this, such as a cluster's id
    #[arg(long)]
    target: Option<String>,
    /// Only what is not older than this: an RFC 3339 time, or a duration such as 12h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only changes, or only refusals
    #[arg(long, value_parser = ["done", "refused"])]
    outcome: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

const VIEW: View = View {
    name: |row| text(row, "/sequence"),
    columns: &[
        column!("#", "/sequence"),
        column!("AT", "/at"),
        column!("WHO", "/principal"),
        column!("FROM", "/address"),
        column!("ACTION", "/action"),
        column!("TARGET", "/target"),
        Column {
            title: "DETAIL",
            cell: detail,
        },
    ],
    details: &[],
};

/// What was changed, or how and how often it was refused.
fn detail(row: &Value) -> String {
    if row.pointer("/status").is_none() {
        return text(row, "/detail");
    }
    let shown = [
        text(row, "/method"),
        text(row, "/route"),
        text(row, "/status"),
        text(row, "/code"),
    ];
    match text(row, "/times").as_str() {
        "1" => shown.join(" "),
        times => format!("{}, {times} times", shown.join(" ")),
    }
}

/// Runs a verb.
///
/// # Errors
/// See [`CliError`].
pub async fn run(verb: Verb, context: &Context) -> Result<()> {
    let Verb::List(args) = verb;
    let client = context.client(false)?;
    let since = args.since.as_deref().map(since).transpose()?;
    let (mut rows, mut before) = (Vec::new(), None);
    while rows.len() < args.limit {
        let request = Request::native(Method::GET, &["audit"])?
            .query("principal", args.principal.as_ref())
            .query("action", args.action.as_ref())
            .query("target", args.target.as_ref())
            .query("since", since.as_ref())
            .query("outcome", args.outcome.as_ref())
            .query("limit", Some(PAGE.min(args.limit - rows.len())))
            .query("before", before.take());
        let answer = client.send(&request).await?.body;
        rows.extend(members(&answer, "entries")?.iter().cloned());
        before = answer.get("next").and_then(Value::as_str).map(str::to_owned);
        if before.is_none() {
            break;
        }
    }
    print(&VIEW.list(context.format(), &rows)?)
}

/// A time as it is, or that long ago.
fn since(text: &str) -> Result<String> {
    if text.parse::<jiff::Timestamp>().is_ok() {
        return Ok(text.to_owned());
    }
    let wanted =
        |_| CliError::Usage("--since must be an RFC 3339 time, or a duration such as 30m or 12h".to_owned());
    let ago = duration::parse(text).map_err(wanted)?;
    Ok((SystemClock.now() - ago).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_says_how_and_how_often() {
        let row = |times| json!({"method": "GET", "route": "/r", "status": 401, "code": "c", "times": times});
        assert_eq!(detail(&row(1)), "GET /r 401 c");
        assert_eq!(detail(&row(20)), "GET /r 401 c, 20 times");
        assert_eq!(
            detail(&json!({"detail": "changed url", "times": 1})),
            "changed url"
        );
    }

    #[test]
    fn since_is_a_time_or_a_duration() {
        assert_eq!(since("2026-01-31T00:00:00Z").unwrap(), "2026-01-31T00:00:00Z");
        assert!(since("12h").unwrap().parse::<jiff::Timestamp>().is_ok());
        assert!(since("yesterday").is_err());
    }
}
