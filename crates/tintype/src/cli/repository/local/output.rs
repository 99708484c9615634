//! Documents of the library in the format asked for: whole as `json` and `yaml`, taken apart as `ndjson`.

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Format, document, print};
use serde::Serialize;
use serde_json::{Map, Value};
use tintype_repository::survey::Unreadable;

/// How many unreadable things an error names.
const NAMED: usize = 3;

/// A document's lists, each with the `type` that its lines have in `ndjson`; names are those of the first list.
pub type Lists<'a> = &'a [(&'a str, &'a str)];

/// Prints a document. `name` is the member of the first list's rows that `-o name` prints.
///
/// # Errors
/// Failed: standard output cannot be written.
pub fn show<T: Serialize>(
    context: &Context,
    shown: &T,
    lists: Lists<'_>,
    name: &str,
    table: impl FnOnce(&Value) -> Result<String>,
) -> Result<()> {
    let value = serde_json::to_value(shown).map_err(|error| CliError::Failed(error.to_string()))?;
    print(&match context.format() {
        Format::Table => table(&value)?,
        Format::Ndjson => ndjson(value, lists),
        Format::Name => names(&value, lists, name),
        format => document(format, &value)?,
    })
}

/// The rows of a list of a document.
pub fn rows<'a>(document: &'a Value, list: &str) -> &'a [Value] {
    document.get(list).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn names(document: &Value, lists: Lists<'_>, name: &str) -> String {
    let list = lists.first().map_or("", |(list, _)| list);
    let names = rows(document, list).iter().filter_map(|row| row.get(name)?.as_str());
    names.map(|name| crate::cli::cells::plain(name) + "\n").collect()
}

/// A line for each row, with its `type`; then the rest of the document as the line of type `summary`.
fn ndjson(mut document: Value, lists: Lists<'_>) -> String {
    let mut text = String::new();
    for (list, kind) in lists {
        let rows = document.as_object_mut().and_then(|members| members.remove(*list));
        let Some(Value::Array(rows)) = rows else { continue };
        rows.into_iter().for_each(|row| text.push_str(&line(kind, row)));
    }
    text + &line("summary", document)
}

fn line(kind: &str, row: Value) -> String {
    let mut members = Map::from_iter([("type".to_owned(), Value::from(kind))]);
    if let Value::Object(row) = row {
        members.extend(row);
    }
    format!("{}\n", Value::Object(members))
}

/// The error with which a survey ends that could not read everything.
///
/// # Errors
/// Unknown, when there is something.
pub fn all_was_read(unreadable: &Unreadable) -> Result<()> {
    if unreadable.count == 0 {
        return Ok(());
    }
    let more = match unreadable.count.saturating_sub(NAMED as u64) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let named: Vec<&str> = unreadable.first.iter().take(NAMED).map(String::as_str).collect();
    Err(CliError::Unknown(format!(
        "not all could be read, so that figures are too low: {}{more}",
        named.join("; ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ndjson_has_a_line_for_each_row_and_one_for_the_rest() {
        let document = json!({"schema": "x/1", "a": [{"n": 1}, {"n": 2}], "b": [], "sum": 3});
        let lines: Vec<Value> = ndjson(document, &[("a", "one"), ("b", "other")])
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let expected = [
            json!({"type": "one", "n": 1}),
            json!({"type": "one", "n": 2}),
            json!({"type": "summary", "schema": "x/1", "sum": 3}),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_could_not_be_read_is_named_and_counted() {
        assert!(all_was_read(&Unreadable::default()).is_ok());
        let unreadable = Unreadable {
            count: 5,
            first: (1..=5).map(|n| format!("blob {n}")).collect(),
        };
        let error = all_was_read(&unreadable).unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().ends_with("blob 1; blob 2; blob 3; and 2 more"), "{error}");
    }
}
