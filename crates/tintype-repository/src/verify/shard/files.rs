//! What of a shard's files is read. Pure.

use crate::Level;
use crate::format::file::FileInfo;
use crate::ledger::Check;
use std::ops::Range;

/// What happens to a file at a level that looks at bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is read now.
    Read,
    /// The ledger vouches for it.
    Vouched(Check),
    /// It is not read, and what the ledger knows of it is older than asked, or nothing.
    Left(Option<Check>),
}

/// Decides, but for the budget. `last` is the last check at the level.
pub(super) fn decide(
    name: &str,
    last: Option<Check>,
    since: Option<i64>,
    subset: Option<(u32, u32)>,
) -> Decision {
    match (last, since) {
        (Some(check), Some(since)) if check.at >= since => Decision::Vouched(check),
        _ if subset.is_some_and(|subset| !is_in(name, subset)) => Decision::Left(last),
        _ => Decision::Read,
    }
}

/// Whether a blob is in part n of t: a name is in the same part of each run.
fn is_in(name: &str, (part, of): (u32, u32)) -> bool {
    crc32fast::hash(name.as_bytes()) % of.max(1) == part.wrapping_sub(1)
}

/// Where bytes of a file lie: in which part, and where in it. In order, none empty.
pub(super) fn spans(file: &FileInfo, range: Range<u64>) -> impl Iterator<Item = (u64, Range<u64>)> {
    let size = file
        .part_size
        .filter(|size| *size > 0 && file.parts() > 1)
        .unwrap_or(u64::MAX);
    let end = range.end.min(file.length);
    let mut at = range.start;
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let (part, begin) = (at / size, at % size);
        let length = (end - at).min(size - begin);
        at += length;
        Some((part, begin..begin + length))
    })
}

/// The ranges of a file that are read at a level: the whole in pieces of at most so many bytes, or its two ends.
pub(super) fn pieces(file: &FileInfo, level: Level, most: u64) -> Vec<Range<u64>> {
    let length = file.length;
    if level < Level::Checksum {
        let small = length <= HEAD + TAIL;
        let ends = [
            0..if small { length } else { HEAD },
            length.saturating_sub(TAIL)..length,
        ];
        return ends.into_iter().take(if small { 1 } else { 2 }).collect();
    }
    let size = file.part_size.filter(|size| *size > 0 && file.parts() > 1);
    // No length, however absurd, gives more pieces than memory holds.
    let most = most.max(length >> 16);
    let mut pieces = Vec::new();
    let mut at = 0;
    loop {
        // A piece lies in one part.
        let to_part = size.map_or(u64::MAX, |size| size - at % size);
        let end = at.saturating_add(most.max(1).min(to_part)).min(length);
        pieces.push(at..end);
        at = end;
        if at >= length {
            return pieces;
        }
    }
}

/// So many bytes of a file's begin hold its header.
pub(super) const HEAD: u64 = 64;
/// So many bytes of a file's end are its footer.
pub(super) const TAIL: u64 = 16;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    pub(crate) use crate::merge::tests::file;

    #[test]
    fn what_was_checked_since_is_vouched_for_and_the_rest_is_read() {
        let check = |at| {
            Some(Check {
                level: Level::Checksum,
                at,
            })
        };
        assert_eq!(decide("a", None, Some(10), None), Decision::Read);
        assert_eq!(decide("a", check(9), Some(10), None), Decision::Read);
        assert_eq!(
            decide("a", check(10), Some(10), None),
            Decision::Vouched(check(10).unwrap())
        );
        assert_eq!(decide("a", check(10), None, None), Decision::Read);
    }

    #[test]
    fn all_parts_of_a_subset_are_the_whole_and_none_is_in_two() {
        for name in (0..200).map(|number| format!("__{number}")) {
            let parts = (1..=7).filter(|part| is_in(&name, (*part, 7)));
            assert_eq!(parts.count(), 1);
            assert!(is_in(&name, (1, 1)));
        }
        let in_first = (0..700)
            .filter(|number| is_in(&format!("__{number}"), (1, 7)))
            .count();
        assert!((50..150).contains(&in_first), "{in_first}");
        let left = decide("__0", None, None, Some((8, 7)));
        assert_eq!(left, Decision::Left(None));
    }

    #[test]
    fn spans_follow_the_parts() {
        let mut chunked = file("__a", 25);
        let all = |file: &FileInfo, range| spans(file, range).collect::<Vec<_>>();
        assert_eq!(all(&chunked, 3..99), [(0, 3..25)]);
        chunked.part_size = Some(10);
        assert_eq!(all(&chunked, 8..25), [(0, 8..10), (1, 0..10), (2, 0..5)]);
        assert_eq!(all(&chunked, 10..10), []);
        assert_eq!(all(&chunked, 20..20 + 9), [(2, 0..5)]);
    }

    #[test]
    fn pieces_cover_a_file_and_lie_in_one_part_each() {
        let cut = |file: &FileInfo, level, most| {
            let ranges = pieces(file, level, most).into_iter();
            ranges.map(|range| (range.start, range.end)).collect::<Vec<_>>()
        };
        let mut big = file("__a", 25);
        assert_eq!(cut(&big, Level::Checksum, 100), [(0, 25)]);
        assert_eq!(cut(&big, Level::Structure, 10), [(0, 10), (10, 20), (20, 25)]);
        big.part_size = Some(12);
        let parts = [(0, 10), (10, 12), (12, 22), (22, 24), (24, 25)];
        assert_eq!(cut(&big, Level::Checksum, 10), parts);
        assert_eq!(cut(&file("__a", 0), Level::Checksum, 10), [(0, 0)]);
        assert_eq!(cut(&file("__a", 80), Level::Fingerprint, 10), [(0, 80)]);
        assert_eq!(cut(&file("__a", 81), Level::Fingerprint, 10), [(0, 64), (65, 81)]);
    }
}
