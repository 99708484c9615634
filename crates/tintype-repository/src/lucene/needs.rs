//! Which parts of a shard's files its check reads, and finding them again among what was read.

use super::codec_util::FOOTER;
use super::compound::Entry;
use bytes::Bytes;
use std::collections::BTreeMap;

/// The most that is read of a shard for its structure. A segment of five hundred million documents with deletions still
/// fits.
pub(super) const MOST: u64 = 64 << 20;

/// How much of a file's start shows its header.
const HEAD: u64 = 64;

/// Ranges with no more than this between them are read as one: a request costs more than these bytes.
const GAP: u64 = 16 << 10;

/// A part of a file that the check needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// The file's physical name.
    pub file: String,
    /// From which byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

impl Need {
    /// All of a file.
    pub(super) fn whole(file: String, length: u64) -> Self {
        Self {
            file,
            offset: 0,
            length,
        }
    }
}

/// The part of a `.cfs` that shows an entry: its head and its tail, or all of its fields.
fn parts(entry: &Entry) -> impl Iterator<Item = (u64, u64)> {
    let end = entry.offset + entry.length;
    let (head, tail) = if entry.name == ".fnm" {
        (entry.length, 0)
    } else {
        (entry.length.min(HEAD), FOOTER as u64)
    };
    [(entry.offset, head), (end - tail, tail)]
        .into_iter()
        .filter(|part| part.1 > 0)
}

/// What of a `.cfs` shows all its entries, which are sorted and lie inside of it.
pub(super) fn in_compound(file: &str, entries: &[Entry]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for (offset, length) in entries.iter().flat_map(parts) {
        match needs.last_mut() {
            Some(last) if offset <= last.offset + last.length + GAP => {
                last.length = last.length.max(offset + length - last.offset);
            }
            _ => needs.push(Need {
                file: file.to_owned(),
                offset,
                length,
            }),
        }
    }
    needs
}

/// What was read of a file: from which byte, so many bytes or up to the file's end; sorted.
pub(super) struct Parts<'a>(Vec<(&'a Need, &'a Bytes)>);

impl<'a> Parts<'a> {
    pub(super) fn of(read: &'a BTreeMap<Need, Bytes>, file: &str) -> Self {
        let first = Need {
            file: file.to_owned(),
            offset: 0,
            length: 0,
        };
        let all = read.range(first..);
        Self(all.take_while(|(need, _)| need.file == file).collect())
    }

    /// The head of an entry's bytes.
    pub(super) fn head(&self, entry: &Entry) -> Option<&'a [u8]> {
        self.find(entry.offset, entry.length.min(HEAD))
    }

    /// The footer of an entry.
    pub(super) fn tail(&self, entry: &Entry) -> Option<&'a [u8]> {
        let footer = FOOTER as u64;
        self.find(entry.offset + entry.length - footer, footer)
    }

    /// Some bytes; fewer where the file ended before them. `None`: they were not read.
    pub(super) fn find(&self, offset: u64, length: u64) -> Option<&'a [u8]> {
        let behind = self.0.partition_point(|(need, _)| need.offset <= offset);
        let (need, bytes) = self.0.get(behind.checked_sub(1)?)?;
        if need.offset + need.length < offset + length {
            return None;
        }
        let from = (offset - need.offset) as usize;
        let to = bytes.len().min(from + length as usize);
        Some(bytes.get(from..to).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, offset: u64, length: u64) -> Entry {
        Entry {
            name: name.into(),
            offset,
            length,
        }
    }

    #[test]
    fn neighbours_are_read_together_and_what_lies_apart_is_not() {
        let entries = [
            entry(".fnm", 64, 500),
            entry(".fdx", 564, 100),
            entry(".fdt", 664, 1 << 30),
        ];
        let needs = in_compound("_0.cfs", &entries);
        let end = 664 + (1 << 30);
        let ranges: Vec<_> = needs.iter().map(|need| (need.offset, need.length)).collect();
        assert_eq!(ranges, [(64, 664), (end - 16, 16)]);
    }

    #[test]
    fn what_was_read_is_found_by_what_covers_it() {
        let need = Need {
            file: "_0.cfs".into(),
            offset: 100,
            length: 50,
        };
        let read = BTreeMap::from([(need, Bytes::from_static(&[7; 40]))]);
        let parts = Parts::of(&read, "_0.cfs");
        assert_eq!(parts.find(110, 10), Some(&[7; 10][..]));
        assert_eq!(parts.find(135, 10), Some(&[7; 5][..]), "the file ended");
        assert_eq!(parts.find(140, 11), None);
        assert_eq!(parts.find(90, 10), None);
        assert_eq!(Parts::of(&read, "_1.cfs").find(110, 10), None);
        assert_eq!(Parts::of(&read, "_0.cf").find(110, 10), None);
    }
}
