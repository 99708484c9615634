//! Cells of what the library says: times are ms since 1970, sizes are bytes.

use crate::cli::cells::bytes;
use jiff::Timestamp;
use serde_json::Value;

/// A time in ms since 1970, to the second, in UTC; `-` when unknown.
pub fn time(ms: Option<i64>) -> String {
    let at = ms.and_then(|ms| Timestamp::from_second(ms.div_euclid(1000)).ok());
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

/// The time at a pointer.
pub fn time_at(row: &Value, pointer: &str) -> String {
    time(row.pointer(pointer).and_then(Value::as_i64))
}

/// The bytes at a pointer; `-` when unknown.
pub fn size_at(row: &Value, pointer: &str) -> String {
    let count = row.pointer(pointer).and_then(Value::as_u64);
    count.map_or_else(|| "-".to_owned(), bytes)
}

/// How long ago, in two units at most: `now` within a minute.
pub fn ago(ms: Option<i64>, now: i64) -> String {
    let Some(ms) = ms else { return "-".to_owned() };
    match now.saturating_sub(ms) {
        ..60_000 => "now".to_owned(),
        // An age for people: precision beyond 2^53 ms does not matter.
        age => format!("{} ago", crate::cli::cells::seconds(age as f64 / 1000.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_and_ages_short() {
        assert_eq!(time(Some(1_700_000_000_999)), "2023-11-14T22:13:20Z");
        assert_eq!(time(Some(-1)), "1969-12-31T23:59:59Z");
        assert_eq!(time(None), "-");
        assert_eq!(ago(Some(0), 30_000), "now");
        assert_eq!(ago(Some(0), 90_000_000), "1d 1h ago");
        assert_eq!(ago(None, 0), "-");
    }
}
