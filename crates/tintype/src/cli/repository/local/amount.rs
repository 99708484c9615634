//! `--rate 10MB`, `--budget 20GiB` or `--budget 2h`, `--subset 1/7`.

use super::when::span;
use std::time::Duration;

const UNITS: [(&str, u64); 9] = [
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// Where a verification stops reading data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// After so many bytes.
    Bytes(u64),
    /// After so long.
    Time(Duration),
}

/// Parses `500MB`, `20GiB`, `1.5TB`: a number with a unit that ends in B, or bytes without one. Zero is refused.
///
/// # Errors
/// A sentence that says what would be right.
pub fn bytes(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is not a number of bytes such as 500MB, 20GiB or 1000000");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_ascii_lowercase();
    let unit = UNITS.iter().find(|(name, _)| *name == unit || (unit.is_empty() && *name == "b"));
    let (_, factor) = unit.ok_or_else(bad)?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(*factor));
    let total = whole.and_then(|whole| whole.checked_add(fraction(part, *factor)?));
    total.filter(|total| *total > 0).ok_or_else(bad)
}

/// The digits behind the point, times the unit.
fn fraction(digits: &str, factor: u64) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    let scale = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let scaled = u128::from(digits.parse::<u64>().ok()?) * u128::from(factor) / u128::from(scale);
    u64::try_from(scaled).ok()
}

/// Bytes each second: as [`bytes`], `/s` may stand behind it.
///
/// # Errors
/// A sentence that says what would be right.
pub fn rate(text: &str) -> Result<u64, String> {
    bytes(text.strip_suffix("/s").unwrap_or(text))
}

/// Bytes or a duration.
///
/// # Errors
/// A sentence that says what would be right.
pub fn budget(text: &str) -> Result<Budget, String> {
    let neither = |_| format!("{text:?} is neither bytes such as 20GiB nor a duration such as 45m or 2h");
    match bytes(text) {
        Ok(bytes) => Ok(Budget::Bytes(bytes)),
        Err(_) => span(text).map(Budget::Time).map_err(neither),
    }
}

/// `n/t`: part n, counted from 1, of t.
///
/// # Errors
/// A sentence that says what would be right.
pub fn subset(text: &str) -> Result<(u32, u32), String> {
    let bad = || format!("{text:?} is not a part such as 1/7, counted from 1 to the last 7/7");
    let (part, parts) = text.split_once('/').ok_or_else(bad)?;
    let (part, parts): (u32, u32) = (part.parse().map_err(|_| bad())?, parts.parse().map_err(|_| bad())?);
    (1..=parts).contains(&part).then_some((part, parts)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units_that_end_in_b() {
        for (text, value) in [
            ("1", 1),
            ("10MB", 10_000_000),
            ("10mb", 10_000_000),
            ("1.5GB", 1_500_000_000),
            ("2GiB", 2 << 30),
            ("0.5KiB", 512),
        ] {
            assert_eq!(bytes(text), Ok(value), "{text}");
        }
        for bad in ["", "MB", "0", "0MB", "-1MB", "10M", "10 MB", "1.2.3GB", "99999999999TB", "1..5GB", "10é"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(rate("10MB/s"), Ok(10_000_000));
    }

    #[test]
    fn a_budget_is_bytes_or_time() {
        assert_eq!(budget("20GiB"), Ok(Budget::Bytes(20 << 30)));
        assert_eq!(budget("45m"), Ok(Budget::Time(Duration::from_secs(45 * 60))));
        assert!(budget("much").unwrap_err().contains("nor a duration"));
    }

    #[test]
    fn a_subset_is_counted_from_one() {
        assert_eq!(subset("1/7"), Ok((1, 7)));
        assert_eq!(subset("7/7"), Ok((7, 7)));
        for bad in ["0/7", "8/7", "1/0", "7", "a/b", "1/7/2"] {
            assert!(subset(bad).is_err(), "{bad}");
        }
    }
}
