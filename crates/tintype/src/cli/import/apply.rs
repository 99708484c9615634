//! Carrying a plan out on a Tintype: what is there stays as it is.

use super::plan::{Plan, Repository};
use crate::cli::cells::{column, text};
use crate::cli::client::{Client, Request};
use crate::cli::cluster::many::{Pace, Row, attach_all};
use crate::cli::error::{CliError, Result};
use crate::cli::output::View;
use http::Method;
use serde_json::{Value, json};

/// Types that Tintype has no platform repositories of.
const UNSUPPORTED: &str = "Tintype's platform does not know the type";
const SUPPORTED: [&str; 5] = ["fs", "s3", "gcs", "azure", "url"];

/// How the report is shown.
pub const VIEW: View = View {
    name: |row| match row.get("id").and_then(Value::as_str) {
        Some(id) => id.to_owned(),
        None => text(row, "/name"),
    },
    columns: &[
        column!("KIND", "/kind"),
        column!("NAME", "/name"),
        column!("ID", "/id"),
        column!("RESULT", "/result"),
        column!("DETAIL", "/detail"),
    ],
    details: &[],
};

/// Makes the repositories, then attaches the clusters; the report has a row for each.
///
/// # Errors
/// When the Tintype cannot be asked at all.
pub async fn all(tintype: &Client, plan: Plan, pace: Pace) -> Result<Vec<Value>> {
    let mut report = Vec::new();
    let mut usable = Vec::new();
    for repository in plan.repositories {
        let (result, detail) = put(tintype, &repository, pace.dry_run).await?;
        if !matches!(result, "skipped" | "failed") {
            usable.push(repository.name.clone());
        }
        report
            .push(json!({"kind": "repository", "name": repository.name, "result": result, "detail": detail}));
    }
    let clusters = plan
        .clusters
        .into_iter()
        .map(|row| without(row, &usable))
        .collect();
    report.extend(attach_all(tintype, clusters, pace).await?);
    report.extend(plan.others);
    Ok(report)
}

/// A cluster whose repository could not be imported is attached with the engine's own registration alone.
fn without(mut row: Row, usable: &[String]) -> Row {
    let named = row.body.get("repository").and_then(Value::as_str);
    if named.is_some_and(|named| !usable.iter().any(|one| one == named))
        && let Some(fallback) = row.fallback.take()
    {
        row.body = fallback;
    }
    row
}

/// Makes a repository that is not there.
async fn put(
    tintype: &Client,
    repository: &Repository,
    dry_run: bool,
) -> Result<(&'static str, Option<String>)> {
    let kind = repository.body["type"].as_str().unwrap_or_default();
    if !SUPPORTED.contains(&kind) {
        let why = format!("{UNSUPPORTED} {kind:?}; its clusters use it by the name that their engines have");
        return Ok(("skipped", Some(why)));
    }
    let path = ["repositories", repository.name.as_str()];
    match tintype.get(&path).await {
        Ok(there)
            if there["type"] == repository.body["type"]
                && there["settings"] == repository.body["settings"] =>
        {
            return Ok(("unchanged", None));
        }
        Ok(_) => {
            let why = "Tintype has one of this name with other settings, which stays as it is";
            return Ok(("failed", Some(why.to_owned())));
        }
        Err(CliError::Api { status: 404, .. }) => {}
        Err(error) => return Err(error),
    }
    if dry_run {
        return Ok(("would create", None));
    }
    let request = Request::native(Method::PUT, &path)?
        .query("version", Some(0))
        .body(repository.body.clone());
    Ok(match tintype.send(&request).await {
        Ok(_) => ("created", None),
        Err(error @ CliError::Api { .. }) => ("failed", Some(error.to_string())),
        Err(error) => return Err(error),
    })
}
