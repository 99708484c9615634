//! What was seen in a cluster's repositories, as cells of `cluster show`.

use crate::cli::cells::{age, text};
use serde_json::Value;

fn items<'a>(row: &'a Value, pointer: &str) -> &'a [Value] {
    let found = row.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

fn lines(lines: Vec<String>) -> String {
    if lines.is_empty() {
        "-".to_owned()
    } else {
        lines.join("\n")
    }
}

/// A line for each repository.
pub fn repositories(row: &Value) -> String {
    let one = |repository: &Value| {
        let mut line = format!(
            "{}: {} snapshots",
            text(repository, "/name"),
            text(repository, "/snapshots")
        );
        if repository.get("readonly") == Some(&Value::Bool(true)) {
            line.push_str(", read-only");
        }
        match age(repository, "/last_good/age_seconds").as_str() {
            "-" => line.push_str(", none good"),
            age => line.push_str(&format!(
                ", last good {} {age} ago",
                text(repository, "/last_good/name")
            )),
        }
        if repository.pointer("/newest/good") == Some(&Value::Bool(false)) {
            let (name, state) = (
                text(repository, "/newest/name"),
                text(repository, "/newest/state"),
            );
            line.push_str(&format!(", newest {name} is {state}"));
        }
        if let Some(problem) = repository.get("problem").and_then(Value::as_str) {
            line.push_str(&format!(", cannot be read: {problem}"));
        }
        crate::cli::cells::plain(&line)
    };
    lines(
        items(row, "/observation/inventory/repositories")
            .iter()
            .map(one)
            .collect(),
    )
}

/// A line for each policy of the engine's own.
pub fn policies(row: &Value) -> String {
    if let Some(problem) = row
        .pointer("/observation/inventory/policies_problem")
        .and_then(Value::as_str)
    {
        return crate::cli::cells::plain(&format!("not known: {problem}"));
    }
    let one = |policy: &Value| {
        let mut line = format!(
            "{}: {} to {}, last success {}",
            text(policy, "/name"),
            text(policy, "/schedule"),
            text(policy, "/repository"),
            text(policy, "/last_success")
        );
        if policy.get("last_failure").is_some_and(Value::is_string) {
            let (at, cause) = (text(policy, "/last_failure"), text(policy, "/last_failure_cause"));
            line.push_str(&format!(", last failure {at}: {cause}"));
        }
        line
    };
    lines(
        items(row, "/observation/inventory/policies")
            .iter()
            .map(one)
            .collect(),
    )
}

/// How many indices no good snapshot holds, and the first of them.
pub fn uncovered(row: &Value) -> String {
    let pointer = "/observation/inventory/uncovered";
    let Some(uncovered) = row.pointer(pointer) else {
        return "-".to_owned();
    };
    let names = text(uncovered, "/names");
    match uncovered.get("total").and_then(Value::as_u64).unwrap_or(0) {
        0 => "none".to_owned(),
        total => format!("{total}: {names}"),
    }
}

/// A line for each location with several writers.
pub fn shared(row: &Value) -> String {
    let one = |shared: &Value| {
        let writers = items(shared, "/writers").iter();
        let writers: Vec<String> = writers
            .map(|writer| {
                format!(
                    "{}/{}",
                    text(writer, "/cluster_id"),
                    text(writer, "/registration")
                )
            })
            .collect();
        format!("{}: {}", text(shared, "/location"), writers.join(", "))
    };
    lines(items(row, "/shared_locations").iter().map(one).collect())
}
