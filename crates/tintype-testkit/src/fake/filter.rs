//! `filter_path`, as the engines apply it to every answer.

use serde_json::{Map, Value};

use crate::faults::glob;

/// Keeps only what one of the comma-separated paths leads to.
pub(super) fn filter(value: &Value, paths: &str) -> Value {
    let paths: Vec<Vec<&str>> = paths.split(',').map(|path| path.split('.').collect()).collect();
    let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
    keep(value, &paths).unwrap_or_else(|| Value::Object(Map::new()))
}

fn keep(value: &Value, paths: &[&[&str]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    match value {
        Value::Object(members) => {
            let kept: Map<String, Value> = members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), keep(member, &below(name, paths))?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(|item| keep(item, paths)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

fn below<'a>(name: &str, paths: &[&'a [&'a str]]) -> Vec<&'a [&'a str]> {
    let mut next = Vec::new();
    for path in paths {
        match path {
            ["**", rest @ ..] => {
                next.push(*path);
                if rest.first().is_some_and(|pattern| glob(pattern, name)) {
                    next.push(&rest[1..]);
                }
            }
            [pattern, rest @ ..] if glob(pattern, name) => next.push(rest),
            _ => {}
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_what_the_paths_lead_to() {
        let nodes = json!({"nodes": {"a": {"version": "8", "name": "n"}}, "list": [{"x": 1, "y": 2}]});
        assert_eq!(
            filter(&nodes, "nodes.*.version"),
            json!({"nodes": {"a": {"version": "8"}}})
        );
        assert_eq!(
            filter(&nodes, "list.x,nodes.a.name"),
            json!({"nodes": {"a": {"name": "n"}}, "list": [{"x": 1}]})
        );
        assert_eq!(
            filter(&nodes, "**.version"),
            json!({"nodes": {"a": {"version": "8"}}})
        );
        assert_eq!(filter(&nodes, "none"), json!({}));
    }
}
