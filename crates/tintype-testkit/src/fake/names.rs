//! Index and snapshot name expressions.

use super::{
    routes::{Reply, error},
    state::Cluster,
};
use crate::faults::glob;

/// The comma-separated or listed names of a body's `indices`; none means all.
pub(super) fn expressions(value: &serde_json::Value) -> Vec<String> {
    let split = |text: &str| {
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    match value {
        serde_json::Value::String(text) => split(text),
        serde_json::Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str())
            .flat_map(split)
            .collect(),
        _ => Vec::new(),
    }
}

/// What the expressions resolve to among `known`; a plain name that is missing is an error unless ignored.
pub(super) fn resolve(
    expressions: &[String],
    known: &[String],
    ignore_missing: bool,
) -> Result<Vec<String>, Reply> {
    if expressions.is_empty() {
        return Ok(known.to_vec());
    }
    let mut found = Vec::<String>::new();
    for expression in expressions {
        let (excluded, pattern) = match expression.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, expression.as_str()),
        };
        let pattern = if pattern == "_all" { "*" } else { pattern };
        let fits: Vec<String> = known.iter().filter(|name| glob(pattern, name)).cloned().collect();
        if excluded {
            found.retain(|name| !fits.contains(name));
        } else if fits.is_empty() && !pattern.contains('*') && !ignore_missing {
            let reason = format!("no such index [{pattern}]");
            return Err(error(404, "index_not_found_exception", &reason));
        } else {
            found.extend(fits);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The engines' own rule for snapshot names.
pub(super) fn check_snapshot_name(repository: &str, name: &str) -> Result<(), Reply> {
    let forbidden = |c: char| c.is_whitespace() || "#\\/*?\"<>|,".contains(c);
    let fault = if name.is_empty() {
        "cannot be empty"
    } else if name.starts_with('_') {
        "must not start with '_'"
    } else if name.chars().any(char::is_uppercase) {
        "must be lowercase"
    } else if name.chars().any(forbidden) {
        "must not contain whitespace, '#', ',' or the characters \\ / * ? \" < > |"
    } else {
        return Ok(());
    };
    Err(error(
        400,
        "invalid_snapshot_name_exception",
        &format!("[{repository}:{name}] Invalid snapshot name [{name}], {fault}"),
    ))
}

/// The indices of a cluster by name, closed ones only when asked for.
pub(super) fn index_names(cluster: &Cluster, closed: bool) -> Vec<String> {
    cluster
        .indices
        .iter()
        .filter(|(_, index)| closed || !index.closed)
        .map(|(name, _)| name.clone())
        .collect()
}
