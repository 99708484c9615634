//! Ranges of one blob that are asked for together.

use bytes::Bytes;
use std::ops::Range;

/// How many of the first ranges are asked for together, and as what: no more than `near` bytes lie between them.
pub(super) fn joined(ranges: &[Range<u64>], near: u64) -> Option<(usize, Range<u64>)> {
    let mut whole = ranges.first()?.clone();
    let together = ranges.iter().take_while(|range| {
        let joins = range.start >= whole.start && range.start <= whole.end.saturating_add(near);
        if joins {
            whole.end = whole.end.max(range.end);
        }
        joins
    });
    let count = together.count();
    Some((count.max(1), whole))
}

/// A range out of the bytes of the one around it, as far as these go.
pub(super) fn part(bytes: &Bytes, whole: &Range<u64>, range: &Range<u64>) -> Bytes {
    let place = |at: u64| {
        usize::try_from(at.saturating_sub(whole.start)).map_or(bytes.len(), |at| at.min(bytes.len()))
    };
    let start = place(range.start);
    bytes.slice(start..place(range.end).max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_asked_for_together() {
        assert_eq!(joined(&[], 64 << 10), None);
        assert_eq!(joined(&[0..64, 100..116], 64 << 10), Some((2, 0..116)));
        assert_eq!(
            joined(&[0..64, 1 << 20..(1 << 20) + 16], 64 << 10),
            Some((1, 0..64))
        );
        assert_eq!(joined(&[100..116, 0..64], 64 << 10), Some((1, 100..116)));
        let bytes = Bytes::from_static(b"0123456789");
        assert_eq!(part(&bytes, &(5..30), &(7..9)), "23");
        assert_eq!(part(&bytes, &(5..30), &(14..30)), "9");
        assert_eq!(part(&bytes, &(5..30), &(20..30)), "");
    }
}
