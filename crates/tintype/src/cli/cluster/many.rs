//! Attaching many clusters, each by itself: what is attached already stays as it is, and one that fails holds up no other.

use super::all;
use crate::cli::cells::{column, text};
use crate::cli::client::{Client, Request};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{View, print};
use futures_util::{StreamExt, stream};
use http::Method;
use serde_json::{Map, Value, json};

/// A cluster to attach.
#[derive(Debug, Default)]
pub struct Row {
    /// The request.
    pub body: Map<String, Value>,
    /// The request to make when the first one is refused; the refusal is then shown beside the result.
    pub fallback: Option<Map<String, Value>>,
    /// Members of the result's row that are known before.
    pub shown: Map<String, Value>,
}

/// How the rows are gone through.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Pace {
    /// Only say what would be attached: nothing is sent to any engine, nothing is changed
    #[arg(long)]
    pub dry_run: bool,
    /// So many clusters at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
}

/// How the results are shown.
pub const VIEW: View = View {
    name: |row| text(row, "/id"),
    columns: &[
        column!("ROW", "/row"),
        column!("NAME", "/name"),
        column!("ID", "/id"),
        column!("URL", "/url"),
        column!("RESULT", "/result"),
        column!("DETAIL", "/detail"),
    ],
    details: &[],
};

/// Prints the results; an error when one of them failed.
///
/// # Errors
/// `Failed`, with how many.
pub fn report(context: &Context, view: &View, results: &[Value]) -> Result<()> {
    print(&view.list(context.format(), results)?)?;
    let failed = results.iter().filter(|row| row["result"] == "failed").count();
    match failed {
        0 => Ok(()),
        failed => Err(CliError::Failed(format!(
            "{failed} of {} failed; the others are as shown. Run it again when the causes are mended",
            results.len()
        ))),
    }
}

/// Attaches each; the results are in the rows' order.
///
/// # Errors
/// When the server cannot say what is attached already: then nothing was done.
pub async fn attach_all(client: &Client, rows: Vec<Row>, pace: Pace) -> Result<Vec<Value>> {
    let attached = all(client, None).await?;
    let attached = &attached;
    let results =
        stream::iter(rows).map(|row| async move { attach(client, row, attached, pace.dry_run).await });
    Ok(results.buffered(usize::from(pace.parallel)).collect().await)
}

async fn attach(client: &Client, row: Row, attached: &[Value], dry_run: bool) -> Value {
    let (result, detail, cluster) = match known(&row.body, attached) {
        Known::Unchanged(cluster) => (
            "unchanged",
            differences(&row.body, cluster),
            Some(cluster.clone()),
        ),
        Known::Otherwise(why) => ("failed", Some(why), None),
        Known::No if dry_run => ("would attach", None, None),
        Known::No => match send(client, &row.body).await {
            Ok(cluster) => ("attached", None, Some(cluster)),
            Err(first @ CliError::Api { .. }) if row.fallback.is_some() => {
                let second = send(client, &row.fallback.unwrap_or_default()).await;
                match second {
                    Ok(cluster) => ("attached", Some(first.to_string()), Some(cluster)),
                    Err(error) => ("failed", Some(error.to_string()), None),
                }
            }
            Err(error) => ("failed", Some(in_words(&error)), None),
        },
    };
    let mut shown = row.shown;
    for member in ["id", "name", "url"] {
        let value = cluster
            .as_ref()
            .map_or(&row.body, |cluster| cluster.as_object().unwrap_or(&row.body));
        shown.insert(member.to_owned(), value.get(member).cloned().unwrap_or_default());
    }
    shown.insert("result".to_owned(), result.into());
    shown.insert("detail".to_owned(), json!(detail));
    Value::Object(shown)
}

async fn send(client: &Client, body: &Map<String, Value>) -> Result<Value> {
    let request = Request::native(Method::POST, &["clusters"])?.body(Value::Object(body.clone()));
    Ok(client.send(&request).await?.body)
}

/// With the members at fault.
fn in_words(error: &CliError) -> String {
    let fields: Vec<String> = error
        .errors()
        .into_iter()
        .filter_map(|error| error.fields)
        .flatten()
        .collect();
    match fields.as_slice() {
        [] => error.to_string(),
        fields => format!("{}: {error}", fields.join(", ")),
    }
}

/// Whether a cluster is attached already.
enum Known<'a> {
    No,
    /// Under the same id, or without one in the request, at the same address. Its uuid was pinned then.
    Unchanged(&'a Value),
    /// Its id or its address belongs to another.
    Otherwise(String),
}

fn known<'a>(body: &Map<String, Value>, attached: &'a [Value]) -> Known<'a> {
    let url = normal(body.get("url"));
    let id = body.get("id").filter(|id| !id.is_null());
    let same_id = attached.iter().find(|cluster| Some(&cluster["id"]) == id);
    if let Some(cluster) = same_id {
        return if normal(cluster.get("url")) == url {
            Known::Unchanged(cluster)
        } else {
            Known::Otherwise(format!(
                "{} is attached already, at {}. To change that: tintype cluster update",
                text(cluster, "/id"),
                text(cluster, "/url")
            ))
        };
    }
    match attached.iter().find(|cluster| normal(cluster.get("url")) == url) {
        None => Known::No,
        Some(cluster) if id.is_none() => Known::Unchanged(cluster),
        Some(cluster) => Known::Otherwise(format!(
            "this address is attached already, as cluster {}",
            text(cluster, "/id")
        )),
    }
}

/// An address as the server keeps it.
fn normal(url: Option<&Value>) -> String {
    let url = url.and_then(Value::as_str).unwrap_or_default();
    let parsed = url.parse::<url::Url>().map(String::from);
    parsed
        .unwrap_or_else(|_| url.to_owned())
        .trim_end_matches('/')
        .to_owned()
}

/// What the request says otherwise than what is attached: it stays as it is.
fn differences(body: &Map<String, Value>, cluster: &Value) -> Option<String> {
    let plain = [
        "name",
        "access",
        "repository",
        "engine_repository",
        "location",
        "allow_plain_http",
    ];
    let mut differ: Vec<&str> = plain
        .into_iter()
        .filter(|member| body.get(*member).is_some_and(|value| *value != cluster[*member]))
        .collect();
    let kind = body.get("auth").and_then(|auth| auth.get("type"));
    if kind.is_some_and(|kind| *kind != cluster["auth"]["type"]) {
        differ.push("auth.type");
    }
    (!differ.is_empty()).then(|| {
        format!(
            "attached otherwise in: {}. To change that: tintype cluster update",
            differ.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_attached_is_known_by_id_or_address() {
        let attached = [
            json!({"id": "a", "url": "https://a:9200"}),
            json!({"id": "b", "url": "https://b:9200/p"}),
        ];
        let found = |value: Value| match known(&body(value), &attached) {
            Known::No => "no".to_owned(),
            Known::Unchanged(cluster) => text(cluster, "/id"),
            Known::Otherwise(why) => why,
        };
        assert_eq!(found(json!({"id": "c", "url": "https://c:9200"})), "no");
        assert_eq!(found(json!({"id": "a", "url": "https://A:9200/"})), "a");
        assert_eq!(found(json!({"url": "https://b:9200/p/"})), "b");
        assert!(found(json!({"id": "a", "url": "https://c:9200"})).contains("https://a:9200"));
        assert!(found(json!({"id": "c", "url": "https://a:9200"})).contains("cluster a"));
    }

    #[test]
    fn what_differs_from_the_attached_cluster_is_named() {
        let cluster = json!({"id": "a", "name": "n", "access": "take", "auth": {"type": "none"}});
        assert_eq!(
            differences(&body(json!({"id": "a", "name": "n"})), &cluster),
            None
        );
        let other = body(json!({"access": "observe", "auth": {"type": "basic"}, "location": "x"}));
        let words = differences(&other, &cluster).unwrap();
        assert!(words.contains("access, location, auth.type"), "{words}");
    }
}
