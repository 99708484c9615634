//! What is kept of the bytes of a file that were read, and how they are judged. Pure.

use super::files::{HEAD, TAIL};
use crate::finding::Kind;
use crate::format::codec::FOOTER_MAGIC;
use crate::format::file::FileInfo;
use crate::source::Sink;
use crate::verify::read::Meter;
use bytes::Bytes;
use crc32fast::Hasher;
use std::ops::Range;
use std::sync::Arc;

/// The last bytes of a file that its checksum does not cover: the checksum itself.
const UNCOVERED: u64 = 8;

/// Takes the bytes of a piece: their checksum as far as the file's covers them, the header, the footer.
pub(super) struct Scan {
    piece: Piece,
    hasher: Hasher,
    /// So many of the next bytes are covered by the file's checksum.
    left: u64,
    /// All bytes, where they are wanted again.
    kept: Option<Vec<u8>>,
    /// Counts what is taken, where the reader has not done so.
    meter: Option<Arc<Meter>>,
}

/// A few bytes, without a room of their own: there are two of these for each piece.
#[derive(Debug, Clone)]
pub(super) struct Few<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Default for Few<N> {
    fn default() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
        }
    }
}

impl<const N: usize> PartialEq for Few<N> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl<const N: usize> Eq for Few<N> {}

impl<const N: usize> Few<N> {
    /// Takes bytes until it is full.
    fn fill(&mut self, bytes: &[u8]) {
        let (_, room) = self.bytes.split_at_mut(self.length);
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.length += count;
    }

    /// Takes bytes, and drops the first ones to have room.
    fn push(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(N)..];
        let drop = (self.length + last.len()).saturating_sub(N);
        self.bytes.copy_within(drop..self.length, 0);
        self.length -= drop;
        self.fill(last);
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A file's first bytes, as far as they were read.
pub(super) type Head = Few<{ HEAD as usize }>;

/// What is kept of a piece.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    /// Where in the file it begins.
    pub at: u64,
    /// How many of its bytes the file's checksum covers.
    covered: u64,
    /// Their CRC-32.
    crc: u32,
    /// The file's first bytes, when it begins with them.
    head: Head,
    /// Its last bytes.
    tail: Few<{ TAIL as usize }>,
    /// All of it, where [`Scan::keeping`] asked for that.
    kept: Option<Bytes>,
}

impl Scan {
    /// Of a range of a file.
    pub fn new(file: &FileInfo, range: &Range<u64>, meter: Option<Arc<Meter>>) -> Self {
        let end = range.end.min(file.length.saturating_sub(UNCOVERED));
        let piece = Piece {
            at: range.start,
            ..Piece::default()
        };
        Self {
            piece,
            hasher: Hasher::new(),
            left: end.saturating_sub(range.start),
            kept: None,
            meter,
        }
    }

    /// Keeps the bytes too, which the caller bounds.
    pub fn keeping(mut self) -> Self {
        self.kept = Some(Vec::with_capacity(
            usize::try_from(self.left + UNCOVERED).unwrap_or_default(),
        ));
        self
    }

    pub fn finish(mut self) -> Piece {
        self.piece.crc = self.hasher.finalize();
        self.piece.kept = self.kept.map(Bytes::from);
        self.piece
    }
}

impl Sink for Scan {
    fn take(&mut self, bytes: &[u8]) {
        let covered = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.hasher.update(bytes.get(..covered).unwrap_or_default());
        self.left -= covered as u64;
        let piece = &mut self.piece;
        piece.covered += covered as u64;
        if piece.at == 0 {
            piece.head.fill(bytes);
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
        // Of several takes only the last bytes of all count.
        piece.tail.push(bytes);
        if let Some(meter) = &self.meter {
            meter.take(bytes.len() as u64);
        }
    }
}

/// What is known of a file that was read and is good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Good {
    pub head: Head,
    /// All of it, where that was kept.
    pub kept: Option<Bytes>,
}

/// What is wrong with a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: Kind,
    /// In the file.
    pub offset: Option<u64>,
    pub expected: String,
    pub actual: String,
    pub what: &'static str,
}

/// Where a fault of a file in several parts lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Last,
    Anywhere,
}

/// Judges a file by all of its pieces, in order. `whole`: they cover it, rather than its two ends.
///
/// A restore compares the checksum of the bytes and the one in the footer with the recorded one: `VerifyingIndexOutput` of
/// Elasticsearch 8.18.
pub(super) fn judge(file: &FileInfo, mut pieces: Vec<Piece>, whole: bool) -> Result<Good, (Fault, Where)> {
    compare(file, &pieces, whole)?;
    let first = pieces.first_mut().map(std::mem::take);
    Ok(first.map_or_else(Good::default, |first| Good {
        head: first.head,
        kept: first.kept,
    }))
}

fn compare(file: &FileInfo, pieces: &[Piece], whole: bool) -> Result<(), (Fault, Where)> {
    let at = file.length.saturating_sub(TAIL);
    let fault = |kind, expected: String, actual: String, what| Fault {
        kind,
        offset: (kind == Kind::FooterMismatch).then_some(at),
        expected,
        actual,
        what,
    };
    let computed = whole.then(|| crc(pieces));
    let recorded = file.checksum;
    let tail = tail(pieces);
    let Some(stored) = footer(tail.bytes()) else {
        let expected = format!("a footer with {recorded:08x}");
        let actual = data_encoding::HEXLOWER.encode(tail.bytes());
        let what = "does not end with a footer";
        return Err((fault(Kind::FooterMismatch, expected, actual, what), Where::Last));
    };
    let differs =
        |kind, actual: u32, what| fault(kind, format!("{recorded:08x}"), format!("{actual:08x}"), what);
    match computed {
        None if stored == recorded => Ok(()),
        None => {
            let what =
                "its footer has another checksum than recorded: it is another file, or its end is damaged";
            Err((differs(Kind::FooterMismatch, stored, what), Where::Last))
        }
        Some(computed) if computed == recorded && stored == recorded => Ok(()),
        Some(computed) if computed == recorded => {
            let what = "the checksum in its footer is damaged";
            Err((differs(Kind::FooterMismatch, stored, what), Where::Last))
        }
        Some(computed) if stored == recorded => {
            let what = "its bytes do not have the recorded checksum";
            Err((differs(Kind::ChecksumMismatch, computed, what), Where::Anywhere))
        }
        Some(computed) if computed == stored => {
            let what = "is whole, but not the recorded file: another one, or another state of it";
            Err((differs(Kind::FooterMismatch, stored, what), Where::Anywhere))
        }
        Some(_) => {
            let what = "its footer has another checksum than recorded, and that is not the one of its bytes";
            Err((differs(Kind::FooterMismatch, stored, what), Where::Last))
        }
    }
}

fn crc(pieces: &[Piece]) -> u32 {
    // Of most files nothing is to be combined, which costs more than reading a small one.
    if let [piece] = pieces {
        return piece.crc;
    }
    let mut all = Hasher::new();
    for piece in pieces {
        all.combine(&Hasher::new_with_initial_len(piece.crc, piece.covered));
    }
    all.finalize()
}

/// The file's last bytes: of small pieces those of several.
fn tail(pieces: &[Piece]) -> Few<{ TAIL as usize }> {
    let (mut tail, mut length) = (Few::default(), 0);
    let needed = pieces.iter().rposition(|piece| {
        length += piece.tail.length;
        length >= TAIL as usize
    });
    for piece in pieces.get(needed.unwrap_or_default()..).unwrap_or_default() {
        tail.push(piece.tail.bytes());
    }
    tail
}

/// The checksum in a footer; `None`: it is none.
pub(super) fn footer(tail: &[u8]) -> Option<u32> {
    let word = |at: usize| Some(u32::from_be_bytes(*tail.get(at..)?.first_chunk::<4>()?));
    let plain = tail.len() == TAIL as usize && word(0)? == FOOTER_MAGIC && word(4)? == 0 && word(8)? == 0;
    if plain { word(12) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::verify::shard::files::{pieces as ranges, tests::file};

    fn sealed(length: usize, seed: u8) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length - 16)
            .map(|at| (at as u8).wrapping_mul(31) ^ seed)
            .collect();
        crate::format::testing::seal_tail(&mut bytes);
        bytes
    }

    fn read(file: &FileInfo, bytes: &[u8], level: Level, most: u64, take: usize) -> Vec<Piece> {
        let meter = Some(Arc::new(Meter::default()));
        let piece = |range: &Range<u64>| {
            let mut scan = Scan::new(file, range, meter.clone());
            let bytes = &bytes[range.start as usize..range.end as usize];
            bytes.chunks(take).for_each(|bytes| scan.take(bytes));
            scan.finish()
        };
        ranges(file, level, most).iter().map(piece).collect()
    }

    fn info(bytes: &[u8]) -> FileInfo {
        let mut info = file("__a", bytes.len() as u64);
        info.checksum = crc32fast::hash(&bytes[..bytes.len() - 8]);
        info
    }

    #[test]
    fn a_file_is_judged_alike_however_it_is_cut() {
        let bytes = sealed(200, 0);
        let mut file = info(&bytes);
        for part_size in [None, Some(200), Some(67), Some(10), Some(3), Some(195)] {
            file.part_size = part_size;
            for (most, take) in [(1000, 1000), (50, 7), (9, 1), (196, 33)] {
                let pieces = read(&file, &bytes, Level::Checksum, most, take);
                let good = judge(&file, pieces, true)
                    .unwrap_or_else(|fault| panic!("{part_size:?} {most} {take}: {fault:?}"));
                let shown = good.head.bytes();
                assert_eq!(shown, &bytes[..shown.len()]);
                assert!(shown.len() >= 3.min(most as usize));
                for at in [0, 100, 190] {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= 1;
                    let pieces = read(&file, &damaged, Level::Checksum, most, take);
                    judge(&file, pieces, true).unwrap_err();
                }
            }
        }
    }

    #[test]
    fn each_kind_of_damage_is_told_apart() {
        let bytes = sealed(300, 0);
        let file = info(&bytes);
        let verdict = |bytes: &[u8], level| {
            let pieces = read(&file, bytes, level, 100, 30);
            let judged = judge(&file, pieces, level == Level::Checksum);
            judged.map(drop).map_err(|(fault, place)| (fault.kind, place))
        };
        let mut damaged = bytes.clone();
        damaged[150] ^= 1;
        assert_eq!(
            verdict(&damaged, Level::Checksum),
            Err((Kind::ChecksumMismatch, Where::Anywhere))
        );
        assert_eq!(verdict(&damaged, Level::Fingerprint), Ok(()));
        let mut damaged = bytes.clone();
        damaged[299] ^= 1;
        for level in [Level::Checksum, Level::Fingerprint] {
            assert_eq!(verdict(&damaged, level), Err((Kind::FooterMismatch, Where::Last)));
            assert_eq!(
                verdict(&[0; 300], level),
                Err((Kind::FooterMismatch, Where::Last))
            );
        }
        let other = sealed(300, 1);
        assert_eq!(
            verdict(&other, Level::Checksum),
            Err((Kind::FooterMismatch, Where::Anywhere))
        );
        assert_eq!(
            verdict(&other, Level::Fingerprint),
            Err((Kind::FooterMismatch, Where::Last))
        );
        assert_eq!(verdict(&bytes, Level::Checksum), Ok(()));
    }

    #[test]
    fn of_many_bytes_the_first_and_the_last_few_are_kept() {
        let all: Vec<u8> = (0..50).collect();
        for take in 1..=50 {
            let (mut first, mut last) = (Few::<8>::default(), Few::<8>::default());
            for bytes in all.chunks(take) {
                first.fill(bytes);
                last.push(bytes);
            }
            assert_eq!((first.bytes(), last.bytes()), (&all[..8], &all[42..]), "{take}");
        }
    }

    #[test]
    fn a_file_too_short_for_a_footer_is_no_file_of_lucene() {
        let short = file("__a", 5);
        let pieces = read(&short, b"short", Level::Checksum, 100, 100);
        assert_eq!(
            judge(&short, pieces, true).unwrap_err().0.kind,
            Kind::FooterMismatch
        );
        let empty = file("__a", 0);
        judge(&empty, read(&empty, b"", Level::Checksum, 100, 100), true).unwrap_err();
    }
}
