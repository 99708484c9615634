//! Files of made-up segments as Lucene 9.12 writes them: compound, without fields, with noise for stored documents.

use std::io::{self, Write};

use tintype_repository::format::testing::seal_tail;

use crate::noise::Noise;

const MAGIC: u32 = 0x3fd7_6c17;
const CODEC: &str = "Lucene912";
/// The version that writes, and the oldest that wrote.
const VERSION: [u8; 3] = [9, 12, 0];
/// How many documents each segment says to have.
pub(super) const DOCUMENTS: u32 = 10;
/// Files inside a compound file begin at multiples of this.
const ALIGNED: usize = 8;
const FOOTER: u64 = 16;
/// The generation of the only commit.
pub(super) const COMMIT: &str = "segments_1";

/// One segment of a shard, told apart by number and size alone, so that shards may share files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub number: u32,
    /// How much noise it holds, in bytes.
    pub noise: u64,
}

/// What a snapshot says of a file.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub name: String,
    pub length: u64,
    pub checksum: u32,
    /// All of it, where it stands in the metadata.
    pub content: Vec<u8>,
}

impl File {
    fn of(name: String, content: Vec<u8>) -> Self {
        Self {
            name,
            length: content.len() as u64,
            checksum: stored_checksum(&content),
            content,
        }
    }
}

/// What the footer says.
fn stored_checksum(bytes: &[u8]) -> u32 {
    let tail = bytes.last_chunk::<4>().copied().unwrap_or_default();
    u32::from_be_bytes(tail)
}

impl Segment {
    pub fn name(self) -> String {
        let digit = char::from_digit(self.number, 36).unwrap_or('z');
        format!("_{digit}")
    }

    fn id(self) -> [u8; 16] {
        let mut id = [7; 16];
        id[..4].copy_from_slice(&self.number.to_be_bytes());
        id[4..12].copy_from_slice(&self.noise.to_be_bytes());
        id
    }

    /// `.si`
    pub fn info(self) -> File {
        let name = self.name();
        let mut bytes = header("Lucene90SegmentInfo", 0, &self.id(), "");
        let version = VERSION.map(|part| u32::from(part).to_le_bytes()).concat();
        bytes.extend(&version);
        bytes.push(1);
        bytes.extend(&version);
        bytes.extend(DOCUMENTS.to_le_bytes());
        // Compound; documents were not added in blocks; no diagnostics.
        bytes.extend([1, 0xff, 0]);
        bytes.push(3);
        for extension in ["cfe", "cfs", "si"] {
            text(&mut bytes, &format!("{name}.{extension}"));
        }
        // No attributes, no sort.
        bytes.extend([0, 0]);
        seal_tail(&mut bytes);
        File::of(format!("{name}.si"), bytes)
    }

    /// Where the files inside begin and how long they are: `.fnm`, then `.fdt`.
    fn inside(self) -> [(&'static str, u64, u64); 2] {
        let first = compound_header(self).len().next_multiple_of(ALIGNED) as u64;
        let fields = self.fields().len() as u64;
        let second = (first + fields).next_multiple_of(ALIGNED as u64);
        let stored = stored_header(self).len() as u64 + self.noise + FOOTER;
        [(".fnm", first, fields), (".fdt", second, stored)]
    }

    fn fields(self) -> Vec<u8> {
        let mut bytes = header("Lucene94FieldInfos", 0, &self.id(), "");
        bytes.push(0);
        seal_tail(&mut bytes);
        bytes
    }

    /// `.cfe`
    pub fn entries(self) -> File {
        let mut bytes = header("Lucene90CompoundEntries", 0, &self.id(), "");
        let inside = self.inside();
        bytes.push(inside.len() as u8);
        for (name, offset, length) in inside {
            text(&mut bytes, name);
            bytes.extend(offset.to_le_bytes());
            bytes.extend(length.to_le_bytes());
        }
        seal_tail(&mut bytes);
        File::of(format!("{}.cfe", self.name()), bytes)
    }

    /// `.cfs`, written in pieces.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn compound(self, out: &mut dyn Write) -> io::Result<File> {
        let mut out = Summed::new(out);
        out.put(&compound_header(self))?;
        let [(_, first, _), (_, second, _)] = self.inside();
        out.pad_to(first)?;
        out.put(&self.fields())?;
        out.pad_to(second)?;
        self.stored(&mut out)?;
        let checksum = out.seal()?;
        Ok(File {
            name: format!("{}.cfs", self.name()),
            length: out.length,
            checksum,
            content: Vec::new(),
        })
    }

    fn stored(self, out: &mut Summed<'_>) -> io::Result<()> {
        let mut inner = crc32fast::Hasher::new();
        let mut noise = Noise(u64::from(self.number) ^ self.noise);
        let mut piece = vec![0; 1 << 20];
        noise.fill(&mut piece);
        let head = stored_header(self);
        inner.update(&head);
        out.put(&head)?;
        let mut left = self.noise;
        while left > 0 {
            let length = left.min(piece.len() as u64);
            let part = &mut piece[..length as usize];
            // No two pieces alike, without making all of it anew.
            let mark = left.to_be_bytes();
            let marked = mark.len().min(part.len());
            part[..marked].copy_from_slice(&mark[..marked]);
            inner.update(part);
            out.put(part)?;
            left -= length;
        }
        let start = footer_start();
        inner.update(&start);
        out.put(&start)?;
        out.put(&u64::from(inner.finalize()).to_be_bytes())
    }
}

/// `segments_1`, naming these segments.
pub(super) fn commit(segments: &[Segment]) -> File {
    let mut bytes = header("segments", 10, &[9; 16], "1");
    bytes.extend(VERSION);
    // Made by Lucene 9.
    bytes.push(9);
    bytes.extend(5_i64.to_be_bytes());
    bytes.push(segments.len() as u8);
    bytes.extend((segments.len() as u32).to_be_bytes());
    bytes.extend(VERSION);
    for segment in segments {
        text(&mut bytes, &segment.name());
        bytes.extend(segment.id());
        text(&mut bytes, CODEC);
        // No deletes, no updates of fields or doc values, no soft deletes.
        bytes.extend((-1_i64).to_be_bytes());
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend([(-1_i64).to_be_bytes(); 2].concat());
        bytes.extend(0_u32.to_be_bytes());
        bytes.push(1);
        bytes.extend([8; 16]);
        bytes.push(0);
        bytes.extend(0_u32.to_be_bytes());
    }
    bytes.push(0);
    seal_tail(&mut bytes);
    File::of(COMMIT.to_owned(), bytes)
}

fn compound_header(segment: Segment) -> Vec<u8> {
    header("Lucene90CompoundData", 0, &segment.id(), "")
}

fn stored_header(segment: Segment) -> Vec<u8> {
    header("Lucene90StoredFieldsFastData", 1, &segment.id(), "")
}

fn header(codec: &str, version: u32, id: &[u8; 16], suffix: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_be_bytes().to_vec();
    text(&mut bytes, codec);
    bytes.extend(version.to_be_bytes());
    bytes.extend(id);
    text(&mut bytes, suffix);
    bytes
}

/// A string of fewer than 128 bytes.
fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(text.len() as u8);
    bytes.extend(text.as_bytes());
}

/// A footer's magic and algorithm.
fn footer_start() -> [u8; 8] {
    let mut start = [0; 8];
    start[..4].copy_from_slice(&(!MAGIC).to_be_bytes());
    start
}

/// Counts and sums what goes through.
struct Summed<'a> {
    out: &'a mut dyn Write,
    hasher: crc32fast::Hasher,
    length: u64,
}

impl<'a> Summed<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            hasher: crc32fast::Hasher::new(),
            length: 0,
        }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad_to(&mut self, offset: u64) -> io::Result<()> {
        let missing = offset.saturating_sub(self.length) as usize;
        self.put(&[0; ALIGNED][..missing.min(ALIGNED)])
    }

    /// Adds the footer and tells its checksum.
    fn seal(&mut self) -> io::Result<u32> {
        self.put(&footer_start())?;
        let checksum = self.hasher.clone().finalize();
        self.put(&u64::from(checksum).to_be_bytes())?;
        Ok(checksum)
    }
}
