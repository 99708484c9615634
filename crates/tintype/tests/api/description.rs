//! ECE's description of the served paths, and whether an answer is what it promises.

use serde_json::Value;
use std::sync::LazyLock;

/// The description.
pub static ECE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("ece-3.0.0-subset.json")).unwrap());

/// A definition by its name.
pub struct Definition(pub &'static str);

impl Definition {
    /// Its schema.
    pub fn schema(&self) -> &'static Value {
        &ECE["definitions"][self.0]
    }
}

/// Fails unless the value has every required member of the definition, of its type, and null nowhere.
pub fn conforms(value: &Value, definition: Definition) {
    check(value, definition.schema(), definition.0);
}

/// The schema behind a `$ref`, or the schema itself.
pub fn resolve(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => &ECE["definitions"][reference.rsplit('/').next().unwrap()],
        None => schema,
    }
}

/// The described operation that a request is: its path in the description, and what that says of it. A path with fewer
/// parameters goes first.
pub fn operation(method: &http::Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let below = path.strip_prefix("/api/v1/")?;
    let below = match below.strip_prefix("regions/") {
        Some(rest) => rest.split_once('/')?.1,
        None => below,
    };
    let fits = |template: &str| {
        let template = template.trim_start_matches('/');
        template.split('/').count() == below.split('/').count()
            && template
                .split('/')
                .zip(below.split('/'))
                .all(|(wanted, found)| wanted == found || (wanted.starts_with('{') && !found.is_empty()))
    };
    let (template, methods) = ECE["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(template, _)| fits(template))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    let operation = &methods[method.as_str().to_lowercase()];
    operation.is_object().then_some((template, operation))
}

/// Fails unless the value is what a schema of the description promises.
pub fn fulfils(value: &Value, schema: &'static Value, at: &str) {
    check(value, schema, at);
}

fn check(value: &Value, schema: &'static Value, at: &str) {
    let schema = resolve(schema);
    let right = match schema["type"].as_str().unwrap_or("object") {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value
            .as_i64()
            .is_some_and(|n| schema["format"] != "int32" || i32::try_from(n).is_ok()),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    assert!(right, "{at} must be {}: {value}", schema["type"]);
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(
            allowed.contains(value),
            "{at} must be one of {allowed:?}: {value}"
        );
    }
    if schema["format"] == "date-time" {
        let text = value.as_str().unwrap();
        assert!(
            text.parse::<jiff::Timestamp>().is_ok() && text.ends_with('Z'),
            "{at}: {text}"
        );
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().unwrap();
        assert!(
            value.get(name).is_some_and(|member| !member.is_null()),
            "{at}.{name} is missing: {value}"
        );
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        assert!(!member.is_null(), "{at}.{name} is null");
        if let Some(schema) = schema["properties"].get(name) {
            check(member, schema, &format!("{at}.{name}"));
        }
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        check(element, &schema["items"], &format!("{at}[{index}]"));
    }
}
