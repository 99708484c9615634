//! The files of a shard in all of its snapshots, each once; and what of them is read. Pure.

use crate::Level;
use crate::format::file::FileInfo;
use crate::ledger::Check;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Files and commits of one shard.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Every file, each once. Two have the same blob only where snapshots contradict each other about it.
    pub files: Vec<FileInfo>,
    /// Every set of files that snapshots have: the same for all snapshots between which nothing was written.
    pub commits: Vec<Commit>,
}

/// A set of files, and the snapshots that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    /// Positions of files, sorted.
    pub files: Arc<[u32]>,
    /// Positions among the shard's pairs.
    pub pairs: Vec<u32>,
}

/// Takes in one snapshot's files after another.
#[derive(Debug, Default)]
pub(super) struct Merge {
    files: Files,
    by_name: HashMap<Box<str>, Vec<u32>>,
    by_set: HashMap<Arc<[u32]>, usize>,
    /// What is kept takes about so many bytes.
    weight: usize,
}

/// A shard's files and commits are kept up to about so many bytes: some 200,000 files.
const MOST: usize = 160 << 20;

/// What a file takes beside its texts and content, here and while it is read.
const FILE: usize = 640;

/// So many files of one blob are told apart, of which there is one but where snapshots contradict each other.
const SAME_BLOB: usize = 64;

/// The shard has more than this reader keeps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

impl Merge {
    /// # Errors
    /// Nothing of the snapshot is then taken in.
    pub fn add(&mut self, pair: u32, files: Vec<FileInfo>) -> Result<(), TooMuch> {
        if self.weight + files.len() * size_of::<u32>() > MOST {
            return Err(TooMuch);
        }
        let set = if self.files.files.is_empty() {
            self.first(files)
        } else {
            self.another(files)
        };
        let commits = &mut self.files.commits;
        match self.by_set.get(&*set).and_then(|commit| commits.get_mut(*commit)) {
            Some(commit) => commit.pairs.push(pair),
            None => {
                self.weight += set.len() * size_of::<u32>();
                let set: Arc<[u32]> = set.into();
                self.by_set.insert(set.clone(), commits.len());
                commits.push(Commit {
                    files: set,
                    pairs: vec![pair],
                });
            }
        }
        Ok(())
    }

    /// No two files of a snapshot are the same, so that nothing is looked for.
    fn first(&mut self, files: Vec<FileInfo>) -> Vec<u32> {
        self.weight += files.iter().map(weight).sum::<usize>();
        self.files.files = files;
        (0..).take(self.files.files.len()).collect()
    }

    fn another(&mut self, files: Vec<FileInfo>) -> Vec<u32> {
        if self.by_name.is_empty() {
            for (file, position) in self.files.files.iter().zip(0..) {
                self.by_name.entry(file.name.clone()).or_default().push(position);
            }
        }
        let mut set: Vec<u32> = files.into_iter().map(|file| self.position(file)).collect();
        set.sort_unstable();
        set.dedup();
        set
    }

    fn position(&mut self, file: FileInfo) -> u32 {
        let all = &mut self.files.files;
        let named = self.by_name.entry(file.name.clone()).or_default();
        let known = named
            .iter()
            .rev()
            .take(SAME_BLOB)
            .find(|known| all.get(**known as usize) == Some(&file));
        if let Some(known) = known {
            return *known;
        }
        let position = u32::try_from(all.len()).unwrap_or(u32::MAX);
        named.push(position);
        self.weight += weight(&file);
        all.push(file);
        position
    }

    pub fn finish(self) -> Files {
        self.files
    }
}

fn weight(file: &FileInfo) -> usize {
    let texts = 2 * file.name.len() + file.physical_name.len() + file.written_by.len();
    FILE + texts + file.hash.len()
}

impl Files {
    /// The pairs whose snapshots have a file; sorted.
    pub fn pairs_of(&self, file: u32) -> Vec<u32> {
        let commits = self
            .commits
            .iter()
            .filter(|commit| commit.files.binary_search(&file).is_ok());
        let mut pairs: Vec<u32> = commits.flat_map(|commit| commit.pairs.iter().copied()).collect();
        pairs.sort_unstable();
        pairs
    }

    /// A commit's files, with their positions.
    pub fn of<'a>(&'a self, commit: &'a Commit) -> impl Iterator<Item = (u32, &'a FileInfo)> + 'a {
        let file = |position: &u32| Some((*position, self.files.get(*position as usize)?));
        commit.files.iter().filter_map(file)
    }
}

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

    pub(crate) fn file(name: &str, length: u64) -> FileInfo {
        FileInfo {
            name: name.into(),
            physical_name: format!("_0.{name}").into(),
            length,
            checksum: 7,
            part_size: None,
            written_by: "9.0.0".into(),
            hash: Box::default(),
        }
    }

    #[test]
    fn a_file_of_many_snapshots_is_there_once() {
        let mut merge = Merge::default();
        merge.add(0, vec![file("__a", 1), file("__b", 2)]).unwrap();
        merge.add(1, vec![file("__b", 2), file("__a", 1)]).unwrap();
        merge.add(2, vec![file("__b", 2), file("__c", 3)]).unwrap();
        merge.add(3, vec![file("__b", 9)]).unwrap();
        let files = merge.finish();
        assert_eq!(files.files.len(), 4);
        let pairs: Vec<_> = files.commits.iter().map(|commit| commit.pairs.clone()).collect();
        assert_eq!(pairs, [vec![0, 1], vec![2], vec![3]]);
        assert_eq!(files.pairs_of(1), [0, 1, 2]);
        assert_eq!(files.pairs_of(3), [3]);
    }

    #[test]
    fn more_than_is_kept_is_refused() {
        let mut merge = Merge::default();
        let large = |pair: u32| {
            let mut large = file(&format!("__{pair}"), 1);
            match pair % 2 {
                0 => large.hash = vec![0; 1 << 20].into(),
                _ => large.written_by = "9".repeat(1 << 20).into(),
            }
            large
        };
        let added = (0..400).map(|pair| merge.add(pair, vec![large(pair)]));
        let added: Vec<_> = added.collect();
        assert_eq!((&added[0], &added[399]), (&Ok(()), &Err(TooMuch)));
        let taken = added.iter().filter(|added| added.is_ok()).count();
        assert_eq!((taken, merge.finish().commits.len()), (160, 160));
    }

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
