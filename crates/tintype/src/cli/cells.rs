//! Values as people read them in a table's cell.

use indicatif::HumanBytes;
use serde_json::Value;

/// Engines' words may hold anything: control characters would let them write on the terminal. Newlines stay.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A column that shows the member at a JSON pointer, as [`text`] does.
macro_rules! column {
    ($title:literal, $pointer:literal) => {
        $crate::cli::output::Column {
            title: $title,
            cell: |row| $crate::cli::cells::text(row, $pointer),
        }
    };
}
pub(in crate::cli) use column;

/// The member at a JSON pointer as a cell: `-` when absent or null, lists by commas, objects as JSON.
pub fn text(row: &Value, pointer: &str) -> String {
    match row.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(s)) if s.is_empty() => "-".to_owned(),
        Some(Value::String(s)) => plain(s).replace('\n', " "),
        Some(Value::Bool(b)) => if *b { "yes" } else { "no" }.to_owned(),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            let names: Vec<_> = items.iter().filter_map(Value::as_str).map(plain).collect();
            if names.is_empty() {
                "-".to_owned()
            } else {
                names.join(",")
            }
        }
        Some(other) => other.to_string(),
    }
}

/// The number of elements of the list or object at a pointer.
pub fn count(row: &Value, pointer: &str) -> String {
    match row.pointer(pointer) {
        Some(Value::Array(items)) => items.len().to_string(),
        Some(Value::Object(members)) => members.len().to_string(),
        _ => "-".to_owned(),
    }
}

/// Seconds as an age or a duration of two units at most: `45s`, `12m`, `3h 5m`, `9d 2h`.
pub fn seconds(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return "-".to_owned();
    }
    // Truncation is what a clock shows; the cast saturates.
    let total = value as u64;
    let (days, hours, minutes) = (total / 86_400, total / 3_600 % 24, total / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{total}s"),
        (0, 0, m) => format!("{m}m {}s", total % 60),
        (0, h, m) => format!("{h}h {m}m"),
        (d, h, _) => format!("{d}d {h}h"),
    }
}

/// The seconds at a pointer as a duration.
pub fn age(row: &Value, pointer: &str) -> String {
    row.pointer(pointer)
        .and_then(Value::as_f64)
        .map_or_else(|| "-".to_owned(), seconds)
}

/// The time between two RFC 3339 members.
pub fn between(row: &Value, from: &str, to: &str) -> String {
    let at = |pointer: &str| row.pointer(pointer)?.as_str()?.parse::<jiff::Timestamp>().ok();
    match (at(from), at(to)) {
        (Some(from), Some(to)) => seconds(to.duration_since(from).as_secs_f64()),
        _ => "-".to_owned(),
    }
}

/// Bytes in binary units, such as `12.30 MiB`.
pub fn bytes(count: u64) -> String {
    HumanBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_never_carry_control_characters() {
        let row = json!({"name": "a\u{1b}[2Jb\nc", "list": ["x", "y\u{7}"], "none": null, "on": true});
        assert_eq!(text(&row, "/name"), "a\\u{1b}[2Jb c");
        assert_eq!(text(&row, "/list"), "x,y\\u{7}");
        assert_eq!(text(&row, "/none"), "-");
        assert_eq!(text(&row, "/on"), "yes");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(seconds(59.9), "59s");
        assert_eq!(seconds(61.0), "1m 1s");
        assert_eq!(seconds(11_100.0), "3h 5m");
        assert_eq!(seconds(784_800.0), "9d 2h");
        assert_eq!(seconds(f64::NAN), "-");
        let row = json!({"a": "2026-01-01T00:00:00Z", "b": "2026-01-01T00:00:07Z"});
        assert_eq!(between(&row, "/a", "/b"), "7s");
        assert_eq!(between(&row, "/a", "/c"), "-");
    }
}
