//! A file of a shard, as `snap-*.dat` and `index-*` of a shard directory describe it.

use super::lenient::{Binary, Text};
use super::{FormatError, Problem, shown};
use serde::Deserialize;
use std::borrow::Cow;

/// More parts than this has no file: 10 TB in parts of 10 MB.
pub const MAX_PARTS: u64 = 1 << 20;

/// Engines keep no more than the first so many bytes of a file in its description.
const HASHED: usize = 1 << 20;

/// One Lucene file in a snapshot. `BlobStoreIndexShardSnapshot.FileInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// The blob's name (`__…`), or that of a virtual blob (`v__…`) whose content is [`FileInfo::hash`].
    pub name: Box<str>,
    /// The file's name in Lucene.
    pub physical_name: Box<str>,
    /// In bytes.
    pub length: u64,
    /// The CRC-32 in the file's footer: of all its bytes but the last 8. Written in base 36.
    pub checksum: u32,
    /// The length of each part but the last; `None`: one part.
    pub part_size: Option<u64>,
    /// The Lucene version that wrote the file.
    pub written_by: Box<str>,
    /// The content of `segments_N` and `.si`, cut at 1 MiB (`Store.MetadataSnapshot.hashFile`); empty when absent.
    pub hash: Box<[u8]>,
}

/// How it is written. The engines refuse members that they do not know; here they are passed over.
#[derive(Deserialize)]
pub(super) struct RawFile<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    physical_name: Text<'a>,
    length: u64,
    #[serde(borrow)]
    checksum: Text<'a>,
    #[serde(default)]
    part_size: Option<i64>,
    #[serde(borrow)]
    written_by: Text<'a>,
    #[serde(borrow, default)]
    meta_hash: Binary<'a>,
}

impl TryFrom<RawFile<'_>> for FileInfo {
    type Error = FormatError;

    fn try_from(raw: RawFile<'_>) -> Result<Self, FormatError> {
        let (name, physical_name) = (raw.name.0, raw.physical_name.0);
        let plain = name.strip_prefix('v').unwrap_or(&name);
        if !plain.starts_with("__") || !is_file_name(&name) {
            return Err(wrong("has a file with an impossible blob name", "__…", &name));
        }
        if !is_file_name(&physical_name) {
            return Err(wrong(
                "has a file with an impossible name",
                "a file's name",
                &physical_name,
            ));
        }
        let checksum = parse_base36(&raw.checksum.0).ok_or_else(|| {
            let message = format!("has a checksum of {physical_name} that is none");
            wrong(&message, "32 bits in base 36", &raw.checksum.0)
        })?;
        let unbounded = |size: &u64| *size > 0 && *size < i64::MAX as u64;
        let file = Self {
            part_size: raw
                .part_size
                .and_then(|size| u64::try_from(size).ok())
                .filter(unbounded),
            name: name.into(),
            physical_name: physical_name.into(),
            length: raw.length,
            checksum,
            written_by: raw.written_by.0.into(),
            hash: raw.meta_hash.0.into_owned().into(),
        };
        file.check()?;
        Ok(file)
    }
}

impl FileInfo {
    fn check(&self) -> Result<(), FormatError> {
        let held = self.hash.len() as u64;
        if self.is_virtual() && held != self.length {
            let message = format!("does not hold the content of {}", self.physical_name);
            return Err(FormatError::new(Problem::Field, message)
                .instead(format!("{} bytes", self.length), format!("{held} bytes")));
        }
        if i64::try_from(self.length).is_err() || self.parts() > MAX_PARTS {
            let message = format!("says {} parts of {}", self.parts(), self.physical_name);
            let most = format!("at most {MAX_PARTS}");
            return Err(
                FormatError::new(Problem::Field, message).instead(most, format!("{} bytes", self.length))
            );
        }
        Ok(())
    }

    /// Whether no blob exists, the content being [`FileInfo::hash`].
    pub fn is_virtual(&self) -> bool {
        self.name.starts_with("v__")
    }

    /// Whether [`FileInfo::hash`] is the whole content, rather than absent or cut.
    pub fn holds_content(&self) -> bool {
        !self.hash.is_empty() && (self.hash.len() != HASHED || self.length == HASHED as u64)
    }

    /// The whole content, where the metadata holds it; empty otherwise.
    pub fn content(&self) -> &[u8] {
        if self.holds_content() { &self.hash } else { &[] }
    }

    /// How many blobs hold the file: 0 for a virtual one, otherwise at least 1. At most [`MAX_PARTS`] when it was read from
    /// a blob.
    pub fn parts(&self) -> u64 {
        match self.part_size {
            _ if self.is_virtual() => 0,
            Some(size) if self.length > 0 && size > 0 => 1 + (self.length - 1) / size,
            _ => 1,
        }
    }

    /// The name and length in bytes of part `number`, counted from 0. Beyond the last part the length is 0.
    pub fn part(&self, number: u64) -> (Cow<'_, str>, u64) {
        let Some(size) = self.part_size.filter(|_| self.parts() > 1) else {
            return (Cow::Borrowed(&self.name), self.length);
        };
        let left = self.length.saturating_sub(number.saturating_mul(size));
        (format!("{}.part{number}", self.name).into(), size.min(left))
    }
}

fn wrong(message: &str, expected: &str, actual: &str) -> FormatError {
    FormatError::new(Problem::Field, message).instead(expected, shown(actual))
}

/// Whether it is a name and no path, so that it can be appended to a directory. `Strings.validFileName`.
pub(super) fn is_file_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| FORBIDDEN[usize::from(byte)] == 0);
    let plain = plain && (name.is_ascii() || !name.contains(char::is_control));
    plain && !name.is_empty() && name.len() <= 255 && name.bytes().any(|byte| byte != b'.')
}

/// A table, since every name of every file is looked at.
static FORBIDDEN: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 32 {
        table[control] = 1;
        control += 1;
    }
    table[127] = 1;
    let letters = b"\\/*?\"<>|, ";
    let mut at = 0;
    while at < letters.len() {
        table[letters[at] as usize] = 1;
        at += 1;
    }
    table
};

/// `Long.toString(checksum, 36)`: the only form that an engine writes.
fn parse_base36(text: &str) -> Option<u32> {
    let canonical = text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase());
    let leading = text.len() > 1 && text.starts_with('0');
    u32::from_str_radix(text, 36)
        .ok()
        .filter(|_| canonical && !leading)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use serde_json::{Value, json};

    fn file(length: u64, part_size: Option<u64>) -> FileInfo {
        FileInfo {
            name: "__a-b_c".into(),
            physical_name: "_0.cfs".into(),
            length,
            checksum: 1,
            part_size,
            written_by: "9.12.2".into(),
            hash: Box::default(),
        }
    }

    fn parse(value: &Value) -> Result<FileInfo, FormatError> {
        let text = value.to_string();
        let raw: RawFile<'_> = serde_json::from_str(&text)
            .map_err(|error| FormatError::new(Problem::Field, error.to_string()))?;
        FileInfo::try_from(raw)
    }

    fn with(name: &str, value: Value) -> Value {
        let mut written = testing::file(&file(10, None));
        written[name] = value;
        written
    }

    #[test]
    fn parts_add_up_to_the_length() {
        for length in 0..50 {
            for size in 1..12 {
                let file = file(length, Some(size));
                let parts: Vec<_> = (0..file.parts()).map(|number| file.part(number)).collect();
                assert_eq!(parts.iter().map(|part| part.1).sum::<u64>(), length);
                assert!(parts.iter().rev().skip(1).all(|part| part.1 == size));
                assert!(
                    length == 0 || parts.iter().all(|part| part.1 > 0),
                    "{length} in {size}"
                );
            }
        }
        assert_eq!(file(20, Some(10)).part(1), ("__a-b_c.part1".into(), 10));
        assert_eq!(file(10, Some(10)).part(0), ("__a-b_c".into(), 10));
        assert_eq!(file(0, Some(10)).part(0), ("__a-b_c".into(), 0));
        assert_eq!(file(20, Some(10)).part(u64::MAX).1, 0);
    }

    #[test]
    fn no_part_size_is_one_part() {
        for size in [json!(i64::MAX), json!(0), json!(-1), json!(null)] {
            assert_eq!(
                parse(&with("part_size", size)).map(|file| file.part_size),
                Ok(None)
            );
        }
        assert_eq!(parse(&with("part_size", json!(3))).unwrap().parts(), 4);
    }

    #[test]
    fn what_no_engine_writes_is_refused() {
        for (name, value) in [
            ("name", json!("a")),
            ("name", json!("__a/../b")),
            ("physical_name", json!("../../etc/passwd")),
            ("physical_name", json!("")),
            ("physical_name", json!("..")),
            ("checksum", json!("01")),
            ("checksum", json!("1Z141Z3")),
            ("checksum", json!("1z141z4")),
            ("checksum", json!("+1")),
            ("checksum", json!("")),
            ("length", json!(-1)),
            ("length", json!(u64::MAX)),
            ("length", json!(1.5)),
            ("meta_hash", json!("!")),
        ] {
            assert!(parse(&with(name, value.clone())).is_err(), "{name}: {value}");
        }
        assert_eq!(
            parse(&with("checksum", json!("1z141z3"))).map(|file| file.checksum),
            Ok(u32::MAX)
        );
    }

    #[test]
    fn more_parts_than_a_file_can_have_are_refused() {
        let mut written = with("length", json!(i64::MAX));
        written["part_size"] = json!(1);
        assert_eq!(parse(&written).unwrap_err().problem, Problem::Field);
    }

    #[test]
    fn a_virtual_file_holds_its_content() {
        let mut written = with("name", json!("v__a"));
        assert!(parse(&written).is_err());
        written["meta_hash"] = json!("AAAAAAAAAAAAAA==");
        assert_eq!(parse(&written).map(|file| file.parts()), Ok(0));
    }

    #[test]
    fn checksums_are_written_as_they_are_read() {
        for checksum in [0, 1, 35, 36, 123_456_789, u32::MAX] {
            assert_eq!(parse_base36(&testing::base36(checksum)), Some(checksum));
        }
    }
}
