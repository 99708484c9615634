//! `tintype doctor`: what is wrong, and what to do about it.

use super::cells::{plain, text};
use super::client::{Client, Request};
use super::cluster;
use super::context::{Context, members};
use super::error::{CliError, Result};
use super::output::{Format, document, print};
use super::role;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use http::Method;
use serde_json::{Value, json};

/// Clusters that are examined at once.
const AT_ONCE: usize = 8;

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The clusters' ids or names; all when none is named
    clusters: Vec<String>,
    /// Send nothing but reads, even where the access level allows `_verify`
    #[arg(long)]
    no_verify: bool,
}

/// Examines this server and the clusters.
///
/// # Errors
/// `NotGood` when something is wrong; else see [`CliError`].
pub async fn run(args: &Args, context: &Context) -> Result<()> {
    let client = context.client(false)?;
    let clusters = named(&client, &args.clusters).await?;
    let mut found = vec![server(&client, context).await?];
    let examined = stream::iter(&clusters)
        .map(|row| examine(&client, row, !args.no_verify))
        .buffered(AT_ONCE);
    found.extend(examined.try_collect::<Vec<Value>>().await?);
    print(&match context.format() {
        Format::Table => found.iter().map(shown).collect::<String>() + &total(&found),
        Format::Ndjson => found.iter().map(|one| format!("{one}\n")).collect(),
        Format::Name => found
            .iter()
            .filter(|one| bad(one) > 0)
            .map(|one| text(one, "/id") + "\n")
            .collect(),
        format => document(format, &Value::Array(found.clone()))?,
    })?;
    match found.iter().map(bad).sum::<usize>() {
        0 => Ok(()),
        bad => Err(CliError::NotGood(format!("{bad} things are wrong"))),
    }
}

async fn named(client: &Client, names: &[String]) -> Result<Vec<Value>> {
    if names.is_empty() {
        return cluster::all(client, None).await;
    }
    let mut rows = Vec::new();
    for name in names {
        let id = cluster::resolve(client, name).await?;
        rows.push(client.get(&["clusters", &id]).await?);
    }
    Ok(rows)
}

async fn server(client: &Client, context: &Context) -> Result<Value> {
    let findings = match client.get(&["doctor"]).await {
        Ok(answer) => answer["findings"].clone(),
        Err(CliError::Api { status: 403, .. }) => {
            context.note("the server itself was not examined: your role does not allow it");
            json!([])
        }
        Err(error) => return Err(error),
    };
    Ok(json!({"id": "server", "name": "this server", "findings": findings}))
}

/// By `POST` where the engine may be written to, else by `GET`; a caller who may only look gets the latter.
async fn examine(client: &Client, row: &Value, verify: bool) -> Result<Value> {
    let id = text(row, "/id");
    let path = ["clusters", id.as_str(), "_doctor"];
    let answer = if verify && row["access"] == "operate" {
        match client.send(&Request::native(Method::POST, &path)?).await {
            Err(CliError::Api { status: 403, .. }) => client.get(&path).await?,
            other => other?.body,
        }
    } else {
        client.get(&path).await?
    };
    Ok(json!({"id": id, "name": row["name"], "findings": members(&answer, "findings")?}))
}

fn findings(one: &Value) -> &[Value] {
    let found = one.get("findings").and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

/// Errors and warnings.
fn bad(one: &Value) -> usize {
    findings(one)
        .iter()
        .filter(|finding| finding["severity"] != "note")
        .count()
}

/// What was found in one place, for people.
fn shown(one: &Value) -> String {
    let mut out = format!("{}\n", text(one, "/name"));
    if findings(one).is_empty() {
        out.push_str("  nothing is wrong\n");
    }
    for finding in findings(one) {
        let (severity, check) = (text(finding, "/severity"), text(finding, "/check"));
        let (subject, message) = (text(finding, "/subject"), text(finding, "/message"));
        out.push_str(&format!("  {severity:<8} {check}: {subject}: {message}\n"));
        if let Some(remedy) = finding.get("remedy").and_then(Value::as_str) {
            out.push_str(&format!("           → {}\n", plain(remedy)));
        }
        if let Some(request) = finding.get("role").and_then(role::request) {
            // Not indented: it is there to be copied.
            out.push_str(&format!("\n{request}\n"));
        }
    }
    out.push('\n');
    out
}

fn total(found: &[Value]) -> String {
    let all = || found.iter().flat_map(findings);
    let counts = ["error", "warning", "note"].map(|severity| {
        let count = all().filter(|finding| finding["severity"] == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {severity}{plural}")
    });
    let clusters = found.len().saturating_sub(1);
    format!("This server and {clusters} clusters: {}.\n", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_where_and_what_to_do_with_the_role_to_paste() {
        let role = json!({"path": "/_security/role/tintype-observe", "body": {"cluster": ["monitor"]}});
        let one = json!({"id": "c1", "name": "logs", "findings": [
            {"severity": "error", "check": "privileges", "subject": "access observe", "message": "u lacks monitor",
             "remedy": "send this", "role": role},
            {"severity": "note", "check": "repository", "subject": "_verify", "message": "was not run"}]});
        let text = shown(&one);
        assert!(
            text.contains("error    privileges: access observe: u lacks monitor\n           → send this\n"),
            "{text}"
        );
        assert!(
            text.contains("\nPUT /_security/role/tintype-observe\n{\n  \"cluster\""),
            "{text}"
        );
        assert_eq!(bad(&one), 1);
        let server = json!({"id": "server", "name": "this server", "findings": []});
        assert!(shown(&server).contains("nothing is wrong"));
        assert_eq!(
            total(&[server, one]),
            "This server and 1 clusters: 1 error, 0 warnings, 1 note.\n"
        );
    }
}
