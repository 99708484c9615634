//! A check of values against `docs/verify-report.schema.json`, stricter than the schema: a member that it does not name is
//! a fault, since whoever adds one has to describe it. It knows the few keywords that the schema uses.

use serde_json::Value;
use std::path::Path;

/// The schema.
pub struct Schema(Value);

impl Schema {
    pub fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify-report.schema.json");
        Self(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    /// What is wrong with a whole report.
    pub fn faults(&self, report: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0, report, "", &mut faults);
        faults
    }

    /// What is wrong with a line of `-o ndjson`.
    pub fn faults_of_line(&self, line: &Value) -> Vec<String> {
        let mut line = line.clone();
        let kind = line.as_object_mut().unwrap().remove("type").unwrap();
        let kind = kind.as_str().unwrap();
        let mut faults = Vec::new();
        if kind == "summary" {
            line["snapshots"] = Value::Array(Vec::new());
            line["findings"] = Value::Array(Vec::new());
            self.check(&self.0, &line, "", &mut faults);
        } else {
            self.check(&self.0["$defs"][kind], &line, "", &mut faults);
        }
        faults
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        for (keyword, says) in schema.as_object().expect("a schema is an object") {
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "properties" => {}
                "$ref" => {
                    let pointer = says.as_str().unwrap().trim_start_matches('#');
                    self.check(self.0.pointer(pointer).unwrap(), value, at, faults);
                }
                "const" if value == says => {}
                "enum" if says.as_array().unwrap().contains(value) => {}
                "type" if is(says, value) => {}
                "minimum" if value.as_i64() >= says.as_i64() => {}
                "oneOf" => {
                    let fits = |schema: &&Value| {
                        let mut faults = Vec::new();
                        self.check(schema, value, at, &mut faults);
                        faults.is_empty()
                    };
                    if says.as_array().unwrap().iter().filter(fits).count() != 1 {
                        faults.push(format!("{at}: {value} is not one of {says}"));
                    }
                }
                "items" => {
                    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(says, item, &format!("{at}/{number}"), faults);
                    }
                }
                "required" => {
                    let missing = says.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                    faults.extend(missing.map(|name| format!("{at}: {name} is missing")));
                }
                "const" | "enum" | "type" | "minimum" => faults.push(format!("{at}: {value} is not {keyword} {says}")),
                other => panic!("{other} is no keyword of this check"),
            }
        }
        if let Some(properties) = schema.get("properties") {
            for (name, member) in value.as_object().into_iter().flatten() {
                match properties.get(name) {
                    Some(schema) => self.check(schema, member, &format!("{at}/{name}"), faults),
                    None => faults.push(format!("{at}/{name} is not in the schema")),
                }
            }
        }
    }
}

fn is(kinds: &Value, value: &Value) -> bool {
    let of = |kind: &str| match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    };
    match kinds {
        Value::String(kind) => of(kind),
        kinds => kinds.as_array().unwrap().iter().any(|kind| of(kind.as_str().unwrap())),
    }
}

#[test]
fn the_check_sees_what_is_wrong() {
    let schema = Schema(serde_json::json!({"type": "object", "required": ["a"],
        "properties": {"a": {"enum": ["x"]}, "b": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}}}));
    for (value, faults) in [
        (serde_json::json!({"a": "x", "b": 1}), 0),
        (serde_json::json!({"a": "x", "b": null}), 0),
        (serde_json::json!({"a": "y"}), 1),
        (serde_json::json!({"b": 0}), 2),
        (serde_json::json!({"a": "x", "c": 1}), 1),
        (serde_json::json!([]), 2),
    ] {
        assert_eq!(schema.faults(&value).len(), faults, "{value}: {:?}", schema.faults(&value));
    }
}
