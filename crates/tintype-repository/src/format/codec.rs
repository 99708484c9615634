//! The envelope of every `.dat` blob and of shard generations: header, body, footer with a CRC-32.
//!
//! `ChecksumBlobStoreFormat` of Elasticsearch 6.8 to 9 and OpenSearch 1 to 3 write it through Lucene's `CodecUtil`:
//!
//! ```text
//! u32 3FD76C17 | vInt length, codec name | u32 version 1 | body | u32 C02893E8 | u32 0 | u64 CRC-32 of all before it
//! ```
//!
//! All numbers are big-endian. The body is SMILE (JSON in old repositories), as it is or behind `DFL\0` as raw DEFLATE
//! (`DeflateCompressor`) or behind `ZSTD\0` as one frame (`ZstdCompressor`, OpenSearch 2.9 and later).

use super::bounded::{TOO_LARGE, is_light, weigh};
use super::{FormatError, Limits, Problem, shown};
use flate2::{Decompress, FlushDecompress, Status};
use serde::de::Deserialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, BufRead, Read};

/// What every Lucene header begins with.
pub const HEADER_MAGIC: u32 = 0x3FD7_6C17;
/// What every Lucene footer begins with.
pub const FOOTER_MAGIC: u32 = !HEADER_MAGIC;
/// A footer's length in bytes.
pub const FOOTER_LENGTH: usize = 16;
/// The version in the header of every blob of a repository.
pub const VERSION: u32 = 1;

/// The codec of `snap-{uuid}.dat`, at the root and in shards, and of shallow copies.
pub const SNAPSHOT: &str = "snapshot";
/// The codec of a shard's `index-{gen}`.
pub const SNAPSHOTS: &str = "snapshots";
/// The codec of `meta-{uuid}.dat` at the root.
pub const METADATA: &str = "metadata";
/// The codec of an index's `meta-{X}.dat`.
pub const INDEX_METADATA: &str = "index-metadata";

pub(super) const DEFLATE: &[u8] = b"DFL\0";
pub(super) const ZSTD: &[u8] = b"ZSTD\0";
const SMILE: &[u8] = b":)\n";

/// A frame's window may be this large, as a power of two in bytes: engines write with 2 MiB.
const ZSTD_WINDOW: u32 = 23;

/// Checks header and footer, and gives what lies between them.
///
/// # Errors
/// [`Problem::Truncated`], [`Problem::NotACodec`], [`Problem::Footer`], [`Problem::Checksum`], [`Problem::WrongCodec`].
pub fn unseal<'a>(bytes: &'a [u8], codec: &str) -> Result<&'a [u8], FormatError> {
    let header = 9 + codec.len();
    if word(bytes, 0) != Some(HEADER_MAGIC) {
        return Err(no_header(bytes));
    }
    let Some(footer) = bytes.len().checked_sub(FOOTER_LENGTH).filter(|at| *at >= header) else {
        let error = FormatError::new(Problem::Truncated, "is shorter than its header and footer");
        return Err(error
            .at(bytes.len())
            .instead(at_least(header + FOOTER_LENGTH), format!("{} bytes", bytes.len())));
    };
    check_footer(bytes, footer)?;
    check_codec(bytes, codec)?;
    Ok(bytes.get(header..footer).unwrap_or_default())
}

fn at_least(length: usize) -> String {
    format!("at least {length} bytes")
}

fn no_header(bytes: &[u8]) -> FormatError {
    let tail = bytes.len().checked_sub(FOOTER_LENGTH);
    let footer = tail.and_then(|at| word(bytes, at)) == Some(FOOTER_MAGIC);
    let (problem, message) = match bytes.len() {
        0..4 => (Problem::Truncated, "is shorter than its header"),
        _ if footer => (Problem::WrongCodec, "has a footer and a damaged header"),
        _ => (
            Problem::NotACodec,
            "has no codec header: encrypted, or no blob of a repository",
        ),
    };
    let head = bytes.get(..4).unwrap_or(bytes);
    FormatError::new(problem, message).at(0).instead(
        format!("{HEADER_MAGIC:08x}"),
        data_encoding::HEXLOWER.encode(head),
    )
}

fn check_footer(bytes: &[u8], at: usize) -> Result<(), FormatError> {
    let magic = word(bytes, at).unwrap_or_default();
    if magic != FOOTER_MAGIC {
        return Err(FormatError::new(Problem::Footer, "does not end with a footer")
            .at(at)
            .instead(format!("{FOOTER_MAGIC:08x}"), format!("{magic:08x}")));
    }
    let algorithm = word(bytes, at + 4).unwrap_or_default();
    if algorithm != 0 {
        return Err(
            FormatError::new(Problem::Footer, "has an unknown checksum algorithm")
                .at(at + 4)
                .instead("0", algorithm.to_string()),
        );
    }
    let (high, recorded) = (word(bytes, at + 8), word(bytes, at + 12));
    if high != Some(0) {
        return Err(FormatError::new(Problem::Footer, "has a checksum beyond 32 bits")
            .at(at + 8)
            .instead("00000000", format!("{:08x}", high.unwrap_or_default())));
    }
    let recorded = recorded.unwrap_or_default();
    let computed = crc32fast::hash(bytes.get(..at + 8).unwrap_or_default());
    if recorded != computed {
        return Err(FormatError::new(
            Problem::Checksum,
            "does not have the checksum that its footer says",
        )
        .instead(format!("{recorded:08x}"), format!("{computed:08x}")));
    }
    Ok(())
}

fn check_codec(bytes: &[u8], codec: &str) -> Result<(), FormatError> {
    // Names are shorter than 128, so that the vInt is one byte.
    let length = usize::from(bytes.get(4).copied().unwrap_or_default());
    let name = bytes.get(5..5 + length).unwrap_or_default();
    if name != codec.as_bytes() {
        return Err(FormatError::new(Problem::WrongCodec, "is a blob of another kind")
            .at(4)
            .instead(codec, shown(&String::from_utf8_lossy(name))));
    }
    let version = word(bytes, 5 + length).unwrap_or_default();
    if version != VERSION {
        return Err(FormatError::new(Problem::WrongCodec, "has an unknown version")
            .at(5 + length)
            .instead(VERSION.to_string(), version.to_string()));
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// A blob's body, decompressed.
#[derive(Debug)]
pub struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    limits: Limits,
}

impl<'a> Body<'a> {
    /// Checks a blob's envelope and decompresses its body.
    ///
    /// # Errors
    /// Those of [`unseal`], [`Problem::Compression`], and [`Problem::Unsupported`] when it is longer than the limit.
    pub fn open(bytes: &'a [u8], codec: &str, limits: Limits) -> Result<Self, FormatError> {
        let inner = unseal(bytes, codec)?;
        let bytes = match (inner.strip_prefix(DEFLATE), inner.strip_prefix(ZSTD)) {
            (Some(packed), _) => Cow::Owned(inflate(packed, limits.body)?),
            (_, Some(packed)) => Cow::Owned(unzstd(packed, limits.body)?),
            _ if inner.len() > limits.body => return Err(too_long(limits.body)),
            _ => Cow::Borrowed(inner),
        };
        Ok(Self { bytes, limits })
    }

    /// Text without an envelope, as `snapshot_shard_paths/*` are.
    pub(super) fn plain(bytes: &'a [u8], limits: Limits) -> Result<Self, FormatError> {
        if bytes.len() > limits.body {
            return Err(too_long(limits.body));
        }
        let bytes = Cow::Borrowed(bytes);
        Ok(Self { bytes, limits })
    }

    /// The bytes: SMILE or JSON.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Decodes the body. Values are weighed before they are built.
    ///
    /// # Errors
    /// [`Problem::Syntax`], [`Problem::Field`], and [`Problem::Unsupported`] when it holds more than the limits allow.
    pub fn decode<'s, T: Deserialize<'s>>(&'s self) -> Result<T, FormatError> {
        // What is wrong with one is found by the longer way.
        self.decode_short().map_or_else(|| self.decode_weighed(), Ok)
    }

    /// A body too short for anything in it to weigh too much is read once. Not JSON, of which `serde_json` passes over what
    /// nobody wants without looking at it.
    fn decode_short<'s, T: Deserialize<'s>>(&'s self) -> Option<T> {
        if !self.bytes.starts_with(SMILE) || !is_light(self.bytes.len(), self.limits) {
            return None;
        }
        let mut reader = serde_smile::Deserializer::from_slice(&self.bytes);
        let value = T::deserialize(&mut reader).ok()?;
        reader.end().ok().map(|()| value)
    }

    fn decode_weighed<'s, T: Deserialize<'s>>(&'s self) -> Result<T, FormatError> {
        let limits = self.limits;
        if self.bytes.starts_with(SMILE) {
            let mut reader = serde_smile::Deserializer::from_slice(&self.bytes);
            let weighed = weigh(&mut reader, limits).and_then(|()| reader.end());
            weighed.map_err(|error| broken(&error.to_string(), None))?;
            serde_smile::from_slice(&self.bytes).map_err(|error| field(&error.to_string(), None))
        } else {
            let mut reader = serde_json::Deserializer::from_slice(&self.bytes);
            let weighed = weigh(&mut reader, limits).and_then(|()| reader.end());
            weighed.map_err(|error| broken(&error.to_string(), position(&self.bytes, &error)))?;
            serde_json::from_slice(&self.bytes)
                .map_err(|error| field(&error.to_string(), position(&self.bytes, &error)))
        }
    }
}

fn broken(error: &str, offset: Option<usize>) -> FormatError {
    if error.starts_with(TOO_LARGE) {
        return FormatError::new(Problem::Unsupported, TOO_LARGE);
    }
    let error = FormatError::new(
        Problem::Syntax,
        format!("is neither SMILE nor JSON: {}", shown(error)),
    );
    offset.map_or(error.clone(), |offset| error.at(offset))
}

fn field(error: &str, offset: Option<usize>) -> FormatError {
    let error = FormatError::new(Problem::Field, shown(error));
    offset.map_or(error.clone(), |offset| error.at(offset))
}

/// Where in the text an error of `serde_json` is, in bytes.
pub(super) fn position(bytes: &[u8], error: &serde_json::Error) -> Option<usize> {
    let before = error.line().checked_sub(1)?;
    let lines: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(before)
        .map(<[u8]>::len)
        .sum();
    Some((lines + error.column().saturating_sub(1)).min(bytes.len()))
}

thread_local! {
    /// One for each thread, since making one costs more than inflating a shard's metadata.
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// Inflates raw DEFLATE that ends where the input ends.
pub(super) fn inflate(packed: &[u8], cap: usize) -> Result<Vec<u8>, FormatError> {
    INFLATE.with_borrow_mut(|state| {
        state.reset(false);
        inflate_with(state, packed, cap)
    })
}

fn inflate_with(state: &mut Decompress, packed: &[u8], cap: usize) -> Result<Vec<u8>, FormatError> {
    let mut bytes = room(packed.len(), cap);
    let mut rest = packed;
    loop {
        let before = state.total_in();
        let status = state
            .decompress_vec(rest, &mut bytes, FlushDecompress::None)
            .map_err(|error| unpacking(error.into()))?;
        let taken = usize::try_from(state.total_in() - before).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or_default();
        if bytes.len() > cap {
            return Err(too_long(cap));
        }
        match status {
            Status::StreamEnd => break,
            // Twice as much, but no more than shows that it is too long: whatever there is room for gets filled.
            _ if bytes.len() == bytes.capacity() => {
                let left = (cap - bytes.len()).saturating_add(1);
                bytes.reserve_exact(bytes.len().max(1 << 10).min(left));
            }
            // With room to write it would have gone on.
            Status::BufError => return Err(unpacking(io::ErrorKind::UnexpectedEof.into())),
            Status::Ok => {}
        }
    }
    nothing_left(rest)?;
    Ok(bytes)
}

fn unzstd(packed: &[u8], cap: usize) -> Result<Vec<u8>, FormatError> {
    let mut reader = zstd::stream::read::Decoder::with_buffer(packed)
        .map_err(unpacking)?
        .single_frame();
    reader.window_log_max(ZSTD_WINDOW).map_err(unpacking)?;
    let bytes = drain(&mut reader, packed.len(), cap)?;
    nothing_left(reader.finish())?;
    Ok(bytes)
}

fn drain(reader: &mut impl Read, packed: usize, cap: usize) -> Result<Vec<u8>, FormatError> {
    let mut bytes = room(packed, cap);
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes).map_err(unpacking)?;
    if bytes.len() > cap {
        return Err(too_long(cap));
    }
    Ok(bytes)
}

/// Metadata shrinks to a quarter; more is reserved only as it comes.
fn room(packed: usize, cap: usize) -> Vec<u8> {
    Vec::with_capacity(packed.saturating_mul(4).min(cap).clamp(1 << 10, 1 << 20))
}

fn nothing_left(mut rest: impl BufRead) -> Result<(), FormatError> {
    let left = rest.fill_buf().map_err(unpacking)?.len();
    if left > 0 {
        let message = format!("holds {left} bytes after its compressed body");
        return Err(FormatError::new(Problem::Compression, message));
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unpacking(error: io::Error) -> FormatError {
    FormatError::new(
        Problem::Compression,
        format!("cannot be decompressed: {}", shown(&error.to_string())),
    )
}

fn too_long(cap: usize) -> FormatError {
    FormatError::new(
        Problem::Unsupported,
        format!("decompresses to more than {cap} bytes, which this reader does not take"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Packing, deflate, pack, seal, smile};
    use super::*;
    use serde_json::{Value, json};

    fn open(blob: &[u8]) -> Result<Value, FormatError> {
        Body::open(blob, SNAPSHOT, Limits::SNAPSHOT)?.decode::<Value>()
    }

    #[test]
    fn every_packing_gives_the_same_body() {
        let value = json!({"snapshot": {"name": "nightly", "numbers": [1, -1, 70_000, i64::MAX]}});
        for packing in [Packing::Plain, Packing::Deflate, Packing::Zstd] {
            let blob = seal(SNAPSHOT, &pack(packing, &smile(&value)));
            assert_eq!(open(&blob), Ok(value.clone()), "{packing:?}");
        }
        assert_eq!(open(&seal(SNAPSHOT, value.to_string().as_bytes())), Ok(value));
    }

    #[test]
    fn an_inflated_body_takes_no_more_room_than_is_allowed() {
        let cap = 3 << 20;
        let packed = deflate(&vec![0; cap]);
        let bytes = inflate(&packed, cap).unwrap();
        assert_eq!(bytes.len(), cap);
        assert!(bytes.capacity() <= cap + 1, "{}", bytes.capacity());
        let error = inflate(&packed, cap - 1).unwrap_err();
        assert_eq!(error.problem, Problem::Unsupported);
    }

    #[test]
    fn a_header_is_nine_bytes_and_the_codec_name() {
        let blob = seal(INDEX_METADATA, b"");
        assert_eq!(blob.len(), 23 + FOOTER_LENGTH);
        assert_eq!(unseal(&blob, INDEX_METADATA), Ok(&b""[..]));
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_found() {
        let blob = seal(SNAPSHOT, &smile(&json!({"snapshot": {}})));
        for at in 0..blob.len() {
            for bit in 0..8 {
                let mut damaged = blob.clone();
                damaged[at] ^= 1 << bit;
                assert!(unseal(&damaged, SNAPSHOT).is_err(), "byte {at} bit {bit}");
            }
            assert!(unseal(&blob[..at], SNAPSHOT).is_err(), "cut at {at}");
            assert!(unseal(&blob[at + 1..], SNAPSHOT).is_err(), "cut before {at}");
        }
        let longer = [&blob[..], b"\0"].concat();
        assert_eq!(unseal(&longer, SNAPSHOT).unwrap_err().problem, Problem::Footer);
    }

    #[test]
    fn each_problem_has_its_name() {
        let problem = |bytes: &[u8]| unseal(bytes, SNAPSHOT).unwrap_err().problem;
        let blob = seal(SNAPSHOT, b"body");
        assert_eq!(problem(b""), Problem::Truncated);
        assert_eq!(problem(&blob[..20]), Problem::Truncated);
        assert_eq!(problem(&[7; 100]), Problem::NotACodec);
        assert_eq!(
            problem(&seal(METADATA, b"body and more of it")),
            Problem::WrongCodec
        );
        let mut damaged = blob.clone();
        damaged[18] ^= 1;
        assert_eq!(problem(&damaged), Problem::Checksum);
        let mut damaged = blob.clone();
        damaged[0] ^= 1;
        assert_eq!(problem(&damaged), Problem::WrongCodec);
        let mut damaged = blob;
        let upper = damaged.len() - 8;
        damaged[upper] = 1;
        assert_eq!(problem(&damaged), Problem::Footer);
    }

    #[test]
    fn a_body_that_grows_without_bound_is_refused() {
        let bomb = vec![0; 1 << 20];
        let limits = Limits {
            body: 1 << 16,
            ..Limits::SNAPSHOT
        };
        for packing in [Packing::Plain, Packing::Deflate, Packing::Zstd] {
            let blob = seal(SNAPSHOT, &pack(packing, &bomb));
            let error = Body::open(&blob, SNAPSHOT, limits).unwrap_err();
            assert_eq!(error.problem, Problem::Unsupported, "{packing:?}");
        }
    }

    #[test]
    fn a_body_of_many_small_values_is_refused_before_they_are_built() {
        let many = Value::Array(vec![json!({"a": null}); 10_000]);
        let blob = seal(SNAPSHOT, &smile(&many));
        let limits = Limits {
            memory: 1 << 20,
            ..Limits::SNAPSHOT
        };
        let body = Body::open(&blob, SNAPSHOT, limits).unwrap();
        assert_eq!(body.decode::<Value>().unwrap_err().problem, Problem::Unsupported);
        assert_eq!(open(&blob), Ok(many));
    }

    #[test]
    fn a_long_key_that_is_repeated_by_its_number_is_weighed_each_time() {
        let of = |key: usize, times: usize| {
            // Names are shared; a list of objects with one member of null each.
            let mut body = b":)\n\x01\xf8\xfa\x34".to_vec();
            body.extend(vec![b'k'; key]);
            body.extend(b"\xfc\x21\xfb");
            body.extend([0xfa, 0x40, 0x21, 0xfb].repeat(times));
            body.push(0xf9);
            open(&seal(SNAPSHOT, &pack(Packing::Deflate, &body)))
        };
        assert_eq!(of(100, 2).unwrap().as_array().map(Vec::len), Some(3));
        assert_eq!(of(80_000, 20_000).unwrap_err().problem, Problem::Unsupported);
        // What is not weighed cannot weigh more than is allowed.
        let limits = Limits::SNAPSHOT;
        let longest = (0..limits.body)
            .take_while(|length| is_light(*length, limits))
            .count();
        assert!((30_000..40_000).contains(&longest), "{longest}");
        assert!(longest / 2 * (longest / 4) <= limits.memory);
    }

    #[test]
    fn bytes_after_a_compressed_body_are_found() {
        for packing in [Packing::Deflate, Packing::Zstd] {
            let packed = pack(packing, &smile(&json!({})));
            let error = open(&seal(SNAPSHOT, &[&packed[..], b"x"].concat())).unwrap_err();
            assert_eq!(error.problem, Problem::Compression, "{packing:?}");
            let error = open(&seal(SNAPSHOT, &packed[..packed.len() - 1])).unwrap_err();
            assert_eq!(error.problem, Problem::Compression, "{packing:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let arrays = [SMILE, &[5], &[0xf8; 100_000][..]].concat();
        for deep in [arrays, vec![b'['; 100_000]] {
            let error = open(&seal(SNAPSHOT, &deep)).unwrap_err();
            assert_eq!(error.problem, Problem::Syntax);
        }
    }
}
