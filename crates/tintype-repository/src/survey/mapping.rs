//! Mappings and settings of indices: a summary of one, and what differs between two.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How many differences of one index are named; the rest is counted.
const NAMED: usize = 200;

/// A member that two snapshots have differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The setting's key, or the path in the mapping: `properties.message.type`.
    pub path: String,
    /// In the first snapshot; absent when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Value>,
    /// In the second snapshot; absent when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Value>,
}

/// All that differs, as far as it is named.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// How many members differ.
    pub count: u64,
    /// The first two hundred of them, by path.
    pub first: Vec<Change>,
}

impl Changes {
    fn push(&mut self, path: String, a: Option<&Value>, b: Option<&Value>) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(Change {
                path,
                a: a.cloned(),
                b: b.cloned(),
            });
        }
    }
}

/// What differs between two sets of flat settings.
pub(super) fn settings(a: &Map<String, Value>, b: &Map<String, Value>) -> Changes {
    let mut changes = Changes::default();
    for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
        let (a, b) = (a.get(key), b.get(key));
        if a != b {
            changes.push(key.clone(), a, b);
        }
    }
    changes
}

/// What differs between the mappings of two snapshots of an index.
pub(super) fn mappings(a: &[Value], b: &[Value]) -> Changes {
    let mut changes = Changes::default();
    let (a, b) = (merged(a), merged(b));
    // A stack of its own: how deep a mapping goes is its writer's choice.
    let mut open = vec![(String::new(), Some(&a), Some(&b))];
    while let Some((path, a, b)) = open.pop() {
        match (a, b) {
            (a, b) if a == b => {}
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
                let members = keys.into_iter().rev();
                open.extend(members.map(|key| (joined(&path, key), a.get(key), b.get(key))));
            }
            (a, b) => changes.push(path, a, b),
        }
    }
    changes
}

/// The mappings without the type's name around them: one object for each type, `_doc` since Elasticsearch 7.
fn merged(mappings: &[Value]) -> Value {
    let mut all = Map::new();
    for mapping in mappings {
        let Some(types) = mapping.as_object() else {
            continue;
        };
        match (types.len(), types.get("_doc")) {
            (1, Some(Value::Object(doc))) => all.extend(doc.clone()),
            _ => all.extend(types.clone()),
        }
    }
    Value::Object(all)
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The number of fields in mappings: everything below `properties` and `fields`, objects included.
pub(super) fn fields(mappings: &[Value]) -> u64 {
    let mut count = 0;
    let mut open: Vec<&Value> = mappings.iter().collect();
    while let Some(Value::Object(members)) = open.pop() {
        for (key, value) in members {
            match (key.as_str(), value) {
                ("properties" | "fields", Value::Object(fields)) => {
                    count += fields.len() as u64;
                    open.extend(fields.values().filter(|field| field.is_object()));
                }
                _ => {}
            }
        }
        // A type's name around the mapping.
        let types = members
            .values()
            .filter(|value| value.get("properties").is_some_and(Value::is_object));
        if !members.contains_key("properties") && !members.contains_key("fields") {
            open.extend(types);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(changes: &Changes) -> Vec<&str> {
        changes.first.iter().map(|change| change.path.as_str()).collect()
    }

    #[test]
    fn mappings_differ_by_path_whatever_the_type_is_called() {
        let a = [
            json!({"_doc": {"dynamic": "strict", "properties": {"a": {"type": "long"}, "b": {"type": "text"}}}}),
        ];
        let b = [
            json!({"_doc": {"dynamic": "strict", "properties": {"a": {"type": "keyword"}, "c": {"type": "text"}}}}),
        ];
        let changes = mappings(&a, &b);
        assert_eq!(
            paths(&changes),
            ["properties.a.type", "properties.b", "properties.c"]
        );
        assert_eq!(changes.first[0].a, Some(json!("long")));
        assert_eq!(changes.first[2].a, None);
        assert_eq!(mappings(&a, &a), Changes::default());
    }

    #[test]
    fn settings_differ_by_key() {
        let of = |value: Value| value.as_object().cloned().unwrap_or_default();
        let changes = settings(
            &of(json!({"index.number_of_replicas": "1", "index.x": "1"})),
            &of(json!({"index.number_of_replicas": "2", "index.x": "1"})),
        );
        assert_eq!(paths(&changes), ["index.number_of_replicas"]);
    }

    #[test]
    fn differences_beyond_the_bound_are_counted() {
        let many: Map<String, Value> = (0..500).map(|n| (n.to_string(), json!(n))).collect();
        let changes = settings(&many, &Map::new());
        assert_eq!((changes.count, changes.first.len()), (500, NAMED));
    }

    #[test]
    fn fields_are_counted_with_their_sub_fields() {
        let field = json!({"type": "text", "fields": {"raw": {"type": "keyword"}}});
        let object = json!({"properties": {"inner": field.clone()}});
        let mapping = json!({"properties": {"a": field, "o": object}});
        assert_eq!(fields(&[json!({"_doc": mapping.clone()})]), 5);
        assert_eq!(fields(&[mapping]), 5);
        assert_eq!(fields(&[json!({"_doc": {}})]), 0);
    }
}
