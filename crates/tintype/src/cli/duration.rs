//! `--timeout 30m`: a number with a unit.

use std::time::Duration;

/// Parses `500ms`, `30s`, `10m`, `2h`; a bare number is seconds. Zero is refused.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let bad = || format!("{text:?} is not a duration such as 500ms, 30s, 10m or 2h");
    let number: u64 = digits.parse().map_err(|_| bad())?;
    let millis = match &text[digits.len()..] {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    // More than a year is a slip, and far future instants overflow.
    millis
        .filter(|ms| (1..=366 * 86_400_000).contains(ms))
        .map(Duration::from_millis)
        .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit() {
        for (text, millis) in [
            ("500ms", 500),
            ("30", 30_000),
            ("30s", 30_000),
            ("10m", 600_000),
            ("2h", 7_200_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in [
            "",
            "s",
            "-1s",
            "1.5h",
            "1d",
            "0s",
            "10 m",
            "99999999999999999999",
            "9999999h",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
