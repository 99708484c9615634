//! A check of documents against the schemas in `docs/schemas`, stricter than these: a member that a schema does not name is a
//! fault, since whoever adds one has to describe it. It knows the few keywords that they use.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A schema.
pub struct Schema(Value);

/// The members that the schemas of a value name; `None`: they say nothing of members.
type Known<'a> = Option<BTreeSet<&'a str>>;

impl Schema {
    /// The schema of this name and version: `verify-1`.
    pub fn load(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/schemas/{name}.json"));
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The name by which documents say that they are of it.
    pub fn id(&self) -> &str {
        self.0["$id"].as_str().expect("a schema has an id")
    }

    /// What is wrong with a whole document.
    pub fn faults(&self, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0, document, "", &mut faults);
        faults
    }

    /// What is wrong with a line of `-o ndjson`.
    pub fn faults_of_line(&self, line: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(self.definition("#/$defs/line"), line, "", &mut faults);
        faults
    }

    fn definition(&self, pointer: &str) -> &Value {
        let found = self.0.pointer(pointer.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("{pointer} is not in the schema"))
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let mut known = None;
        self.apply(schema, value, at, &mut known, faults);
        let (Some(known), Some(members)) = (known, value.as_object()) else {
            return;
        };
        let unknown = members.keys().filter(|name| !known.contains(name.as_str()));
        faults.extend(unknown.map(|name| format!("{at}/{name} is not in the schema")));
    }

    /// Checks all but whether members are known, which the schemas beside this one tell too.
    fn apply<'a>(
        &'a self,
        schema: &'a Value,
        value: &Value,
        at: &str,
        known: &mut Known<'a>,
        faults: &mut Vec<String>,
    ) {
        for (keyword, says) in schema.as_object().expect("a schema is an object") {
            let each = || says.as_array().expect("a list").iter();
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => {}
                "$ref" => {
                    let schema = self.definition(says.as_str().expect("a pointer"));
                    self.apply(schema, value, at, known, faults);
                }
                "allOf" => each().for_each(|schema| self.apply(schema, value, at, known, faults)),
                "oneOf" => self.one_of(each(), value, at, known, faults),
                "const" if value == says => {}
                "enum" if each().any(|one| one == value) => {}
                "type" if is(says, value) => {}
                "minimum" if value.as_i64() >= says.as_i64() => {}
                "properties" => {
                    let members = known.get_or_insert_default();
                    for (name, schema) in says.as_object().expect("an object") {
                        members.insert(name);
                        if let Some(member) = value.get(name) {
                            self.check(schema, member, &format!("{at}/{name}"), faults);
                        }
                    }
                }
                "items" => {
                    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(says, item, &format!("{at}/{number}"), faults);
                    }
                }
                "required" => {
                    let missing = each().filter(|name| value.get(name.as_str().expect("a name")).is_none());
                    faults.extend(missing.map(|name| format!("{at}: {name} is missing")));
                }
                "const" | "enum" | "type" | "minimum" => {
                    faults.push(format!("{at}: {value} is not {keyword} {says}"));
                }
                other => panic!("{other} is no keyword of this check"),
            }
        }
    }

    /// Exactly one of them must fit; if none does, the faults are those of the nearest.
    fn one_of<'a>(
        &'a self,
        schemas: impl Iterator<Item = &'a Value>,
        value: &Value,
        at: &str,
        known: &mut Known<'a>,
        faults: &mut Vec<String>,
    ) {
        let mut tried: Vec<(Known<'a>, Vec<String>)> = schemas
            .map(|schema| {
                let (mut known, mut faults) = (None, Vec::new());
                self.apply(schema, value, at, &mut known, &mut faults);
                (known, faults)
            })
            .collect();
        tried.sort_by_key(|(_, faults)| faults.len());
        let fit = tried.iter().filter(|(_, faults)| faults.is_empty()).count();
        if fit > 1 {
            faults.push(format!(
                "{at}: {value} fits {fit} schemas that exclude each other"
            ));
        }
        if let Some((nearest, why)) = tried.into_iter().next() {
            faults.extend(why);
            if let Some(nearest) = nearest {
                known.get_or_insert_default().extend(nearest);
            }
        }
    }
}

fn is(kinds: &Value, value: &Value) -> bool {
    let of = |kind: &Value| match kind.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        other => panic!("{other:?} is no type"),
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(of),
        kind => of(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_check_sees_what_is_wrong() {
        let schema = Schema(json!({"type": "object", "required": ["a"],
            "properties": {"a": {"enum": ["x"]}, "b": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}}}));
        for (value, faults) in [
            (json!({"a": "x", "b": 1}), 0),
            (json!({"a": "x", "b": null}), 0),
            (json!({"a": "y"}), 1),
            (json!({"b": 0}), 2),
            (json!({"a": "x", "c": 1}), 1),
            (json!([]), 2),
        ] {
            let found = schema.faults(&value);
            assert_eq!(found.len(), faults, "{value}: {found:?}");
        }
    }

    #[test]
    fn members_may_be_described_in_several_places_and_must_be_in_one() {
        let schema = Schema(json!({
            "$ref": "#/$defs/summary",
            "properties": {"rows": {"items": {"$ref": "#/$defs/row"}}},
            "$defs": {
                "row": {"type": "object", "properties": {"n": {"type": "integer"}}},
                "summary": {"type": "object", "properties": {"sum": {"type": "integer"}, "any": {"type": "object"}}},
                "line": {"oneOf": [
                    {"allOf": [{"$ref": "#/$defs/row"}], "required": ["type"], "properties": {"type": {"const": "row"}}},
                    {"allOf": [{"$ref": "#/$defs/summary"}], "required": ["type"], "properties": {"type": {"const": "summary"}}},
                ]},
            },
        }));
        let whole = json!({"sum": 3, "any": {"thing": 1}, "rows": [{"n": 1}]});
        assert_eq!(schema.faults(&whole), [""; 0]);
        assert_eq!(
            schema.faults(&json!({"rows": [{"m": 1}]})),
            ["/rows/0/m is not in the schema"]
        );
        for (line, faults) in [
            (json!({"type": "row", "n": 1}), 0),
            (json!({"type": "summary", "sum": 1}), 0),
            (json!({"type": "row", "sum": 1}), 1),
            (json!({"type": "other"}), 1),
            (json!({"n": 1}), 1),
        ] {
            let found = schema.faults_of_line(&line);
            assert_eq!(found.len(), faults, "{line}: {found:?}");
        }
    }
}
