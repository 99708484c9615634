//! Times and spans of days, as people write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};
use std::time::Duration;

/// Parses `45m`, `2h`, `30d`, `6w`, `1d 12h`: days are 24 hours. Zero and what lies before are refused.
///
/// # Errors
/// A sentence that says what would be right.
pub fn span(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is not a duration such as 45m, 2h, 30d or 6w");
    let span: Span = text.parse().map_err(|_| bad())?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| bad())?;
    let exact = Duration::try_from(exact).map_err(|_| bad())?;
    (!exact.is_zero()).then_some(exact).ok_or_else(bad)
}

/// Parses a date (its beginning in UTC), a time, or an age such as `30d` (so long before now), to ms since 1970.
///
/// # Errors
/// A sentence that says what would be right.
pub fn time(text: &str) -> Result<i64, String> {
    at(text, Timestamp::now())
}

/// As [`time`], with the present as told.
fn at(text: &str, now: Timestamp) -> Result<i64, String> {
    let bad = || format!("{text:?} is not a time such as 2026-11-28, 2026-11-28T22:00:00Z or, so long ago, 30d");
    if let Ok(age) = span(text) {
        return now.checked_sub(age).map(|at| at.as_millisecond()).map_err(|_| bad());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    // A civil time without an offset would be a guess: only a plain date is taken as UTC.
    let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-11-28".len());
    let midnight = date.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok());
    midnight.map(|midnight| midnight.as_millisecond()).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_know_days_and_weeks() {
        for (text, seconds) in [("45m", 2_700), ("2h", 7_200), ("30d", 2_592_000), ("1w", 604_800), ("1d 12h", 129_600)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "0s", "-1h", "10", "1y", "2 moons", "99999999999999999d"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_a_date_an_instant_or_an_age() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-28T11:59:00Z", "2026-11-28T11:59:00Z"),
            ("2026-11-28T11:59:00+02:00", "2026-11-28T09:59:00Z"),
            ("2026-11-27", "2026-11-27T00:00:00Z"),
            ("1d", "2026-11-27T12:00:00Z"),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(at(text, now), Ok(expected.as_millisecond()), "{text}");
        }
        for bad in ["", "yesterday", "2026-13-01", "2026-11-28T11:59", "28.11.2026"] {
            assert!(at(bad, now).is_err(), "{bad}");
        }
    }
}
