//! Header and footer of every Lucene file. `CodecUtil` of Lucene 7 to 10: both are big-endian in all of them.

use super::Fault;
use super::input::Input;
use std::borrow::Cow;

const MAGIC: u32 = 0x3fd7_6c17;
const FOOTER_MAGIC: u32 = !MAGIC;

/// The length of a footer: magic, algorithm, checksum.
pub(super) const FOOTER: usize = 16;

/// The longest name of a codec.
const LONGEST_CODEC: u32 = 127;

/// What vector plugins of OpenSearch write without a header, as their own library makes it, with Lucene's footer alone:
/// `KNNConstants` and `KNN80CompoundFormat` of its k-NN plugin.
const WITHOUT_HEADER: [&str; 4] = ["hnsw", "hnswc", "faiss", "faissc"];

/// What stands before a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header<'a> {
    /// The name of the format.
    pub(super) codec: Cow<'a, str>,
    /// The version of the format.
    pub(super) version: u32,
    /// Of the segment, or the commit's own.
    pub(super) id: [u8; 16],
    /// A generation in base 36, a field format's suffix, or nothing.
    pub(super) suffix: Cow<'a, str>,
}

/// A kind of file that is read here, and the names and newest versions that it is known under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// How the names of its formats end.
    pub(super) name: &'static str,
    /// The formats and their oldest and newest versions.
    pub(super) known: &'static [(&'static str, u32, u32)],
}

/// Reads the magic, the codec's name and the version.
fn codec<'a>(input: &mut Input<'a>) -> Result<(Cow<'a, str>, u32), Fault> {
    let magic = input.int()? as u32;
    if magic != MAGIC {
        return Err(input
            .fault("no codec header: this is not a Lucene file")
            .at(input.offset() - 4)
            .differs(format!("{MAGIC:08x}"), format!("{magic:08x}")));
    }
    let length = input.variable_int()?;
    if length > LONGEST_CODEC {
        return Err(input.fault(format!("a codec's name of {length} bytes")));
    }
    let name = String::from_utf8_lossy(input.take(length as usize)?);
    Ok((name, input.int()? as u32))
}

/// Reads the header of a file.
pub(super) fn header<'a>(input: &mut Input<'a>) -> Result<Header<'a>, Fault> {
    let (codec, version) = codec(input)?;
    let id = input.id()?;
    let length = input.byte()?;
    let suffix = String::from_utf8_lossy(input.take(usize::from(length))?);
    Ok(Header {
        codec,
        version,
        id,
        suffix,
    })
}

impl Header<'_> {
    /// The header must be one of a kind; `id` and `suffix` are what it must show.
    pub(super) fn expect(
        &self,
        input: &Input<'_>,
        kind: Kind,
        id: Option<&[u8; 16]>,
        suffix: &str,
    ) -> Result<(), Fault> {
        let Some((_, oldest, newest)) = kind.known.iter().find(|(name, ..)| *name == self.codec) else {
            let fault = input.fault(format!("its format is {}, not {}", self.codec, kind.name));
            let other_kind = self.codec.starts_with("Lucene") && !self.codec.ends_with(kind.name);
            return Err(if other_kind { fault } else { fault.unsupported() });
        };
        if !(*oldest..=*newest).contains(&self.version) {
            let words = format!("version {} of format {} is not known", self.version, self.codec);
            return Err(input.fault(words).unsupported());
        }
        if let Some(id) = id.filter(|id| **id != self.id) {
            return Err(other_id(input, id, &self.id));
        }
        if self.suffix != suffix {
            return Err(input
                .fault("its header is that of another generation")
                .differs(format!("{suffix:?}"), format!("{:?}", self.suffix)));
        }
        Ok(())
    }

    /// How many bytes a header with this name and suffix has.
    pub(super) fn length(codec: &str, suffix: &str) -> usize {
        4 + 1 + codec.len() + 4 + 16 + 1 + suffix.len()
    }
}

fn other_id(input: &Input<'_>, expected: &[u8], actual: &[u8]) -> Fault {
    let hex = data_encoding::HEXLOWER;
    input
        .fault("belongs to another segment: the id in its header is not the segment's")
        .differs(hex.encode(expected), hex.encode(actual))
}

/// Checks the header of a Lucene file: magic, a codec name, and the segment id when one is expected. `head` is the file's
/// first 64 bytes, or all of it when it is shorter; an id that a long name pushes beyond them is compared as far as it is
/// seen. Files of vector libraries, which have no header, pass.
///
/// # Errors
/// What is wrong; offsets are from the file's start.
pub fn check_header(file: &str, head: &[u8], id: Option<[u8; 16]>) -> Result<(), Fault> {
    if has_no_header(file) {
        return Ok(());
    }
    header_at(file, head, 0, id)
}

/// Whether a file is one that has a footer but no header.
pub(super) fn has_no_header(file: &str) -> bool {
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    WITHOUT_HEADER.contains(&extension)
}

/// [`check_header`] for a header that stands at `start` in the file.
pub(super) fn header_at(file: &str, head: &[u8], start: u64, id: Option<[u8; 16]>) -> Result<(), Fault> {
    let mut input = Input::new(file, head, start);
    codec(&mut input)?;
    let Some(id) = id else { return Ok(()) };
    let seen = input.take(input.remaining().min(id.len()))?;
    if id.starts_with(seen) {
        return Ok(());
    }
    let at = input.offset() - seen.len() as u64;
    Err(other_id(&input, &id, seen).at(at))
}

/// Checks the footer of a Lucene file, its last 16 bytes: magic, algorithm, and the checksum in it.
///
/// # Errors
/// What is wrong; offsets are from the footer's start.
pub fn check_footer(file: &str, tail: &[u8], checksum: u32) -> Result<(), Fault> {
    let (actual, offset) = (footer_at(file, tail, 0)?, 8);
    if actual == checksum {
        return Ok(());
    }
    Err(
        Fault::new(file, "its footer holds another checksum than was recorded")
            .at(offset)
            .differs(format!("{checksum:08x}"), format!("{actual:08x}")),
    )
}

/// The checksum in a footer that stands at `start` in the file.
pub(super) fn footer_at(file: &str, tail: &[u8], start: u64) -> Result<u32, Fault> {
    let mut input = Input::new(file, tail, start);
    let magic = input.int()? as u32;
    if magic != FOOTER_MAGIC {
        return Err(input
            .fault("no codec footer: the file is cut or overwritten")
            .at(start)
            .differs(format!("{FOOTER_MAGIC:08x}"), format!("{magic:08x}")));
    }
    let algorithm = input.int()?;
    if algorithm != 0 {
        return Err(input
            .fault("its footer names an unknown algorithm")
            .at(start + 4)
            .differs("0", algorithm.to_string()));
    }
    let checksum = input.long()?;
    u32::try_from(checksum).map_err(|_| {
        input
            .fault(format!("its footer holds no CRC-32: {checksum:016x}"))
            .at(start + 8)
    })
}

/// Checks footer and checksum of a whole file, which begins at `start` in `file`, and gives what stands before the footer.
pub(super) fn whole<'a>(file: &'a str, bytes: &'a [u8], start: u64) -> Result<Input<'a>, Fault> {
    let Some(length) = bytes.len().checked_sub(FOOTER) else {
        let message = format!("{} bytes are too few for a footer", bytes.len());
        return Err(Fault::new(file, message).at(start));
    };
    let (body, footer) = bytes.split_at(length);
    let recorded = footer_at(file, footer, start + length as u64)?;
    let actual = crc32fast::hash(&bytes[..length + 8]);
    if recorded != actual {
        return Err(
            Fault::new(file, "its bytes do not have the checksum in its footer")
                .differs(format!("{recorded:08x}"), format!("{actual:08x}")),
        );
    }
    Ok(Input::new(file, body, start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lucene::testing;

    const ID: [u8; 16] = *b"0123456789abcdef";

    #[test]
    fn a_header_is_read_with_its_id_and_suffix() {
        let bytes = testing::header("Lucene90LiveDocs", 3, &ID, "1z");
        let read = header(&mut Input::new("f", &bytes, 0)).unwrap();
        assert_eq!(read.codec, "Lucene90LiveDocs");
        assert_eq!((read.version, read.id, &*read.suffix), (3, ID, "1z"));
        assert_eq!(bytes.len(), Header::length("Lucene90LiveDocs", "1z"));
    }

    #[test]
    fn the_id_in_a_header_is_compared_as_far_as_it_is_seen() {
        let name = "Lucene102BinaryQuantizedVectorsFormatData";
        let bytes = testing::header(name, 0, &ID, "");
        assert_eq!(check_header("_0.veb", &bytes[..64], Some(ID)), Ok(()));
        let mut other = ID;
        other[2] ^= 1;
        let fault = check_header("_0.veb", &bytes[..64], Some(other)).unwrap_err();
        assert_eq!(fault.offset, Some(9 + name.len() as u64));
        assert_eq!(check_header("_0.veb", &bytes[..64], None), Ok(()));
    }

    #[test]
    fn a_file_without_a_header_is_a_fault_unless_its_kind_has_none() {
        let fault = check_header("_0.fdt", &[0; 64], None).unwrap_err();
        assert!(!fault.unsupported);
        assert_eq!(fault.actual.as_deref(), Some("00000000"));
        assert!(check_header("_0.fdt", b"", None).is_err());
        assert_eq!(check_header("_0_2011_field.faissc", &[0; 64], Some(ID)), Ok(()));
    }

    #[test]
    fn a_footer_must_hold_the_recorded_checksum() {
        let bytes = testing::seal(testing::header("X", 0, &ID, ""));
        let tail = &bytes[bytes.len() - FOOTER..];
        let checksum = crc32fast::hash(&bytes[..bytes.len() - 8]);
        assert_eq!(check_footer("f", tail, checksum), Ok(()));
        assert_eq!(check_footer("f", tail, checksum ^ 1).unwrap_err().offset, Some(8));
        for (byte, at) in [(0, 0), (7, 4), (9, 8)] {
            let mut damaged = tail.to_vec();
            damaged[byte] ^= 1;
            assert_eq!(
                check_footer("f", &damaged, checksum).unwrap_err().offset,
                Some(at)
            );
        }
        assert!(check_footer("f", &tail[..15], checksum).is_err());
    }

    #[test]
    fn a_format_of_another_name_is_unknown_and_one_of_another_kind_is_wrong() {
        let kind = Kind {
            name: "LiveDocs",
            known: &[("Lucene90LiveDocs", 0, 0)],
        };
        let judge = |codec: &str, version| {
            let bytes = testing::header(codec, version, &ID, "");
            let mut input = Input::new("f", &bytes, 0);
            let header = header(&mut input).unwrap();
            header
                .expect(&input, kind, Some(&ID), "")
                .map_err(|f| f.unsupported)
        };
        assert_eq!(judge("Lucene90LiveDocs", 0), Ok(()));
        assert_eq!(judge("Lucene90LiveDocs", 1), Err(true));
        assert_eq!(judge("Lucene11LiveDocs", 0), Err(true));
        assert_eq!(judge("PluginBits", 0), Err(true));
        assert_eq!(judge("Lucene94FieldInfos", 0), Err(false));
    }
}
