//! Writers of the blobs, for tests and for synthetic repositories. What they write, engines write too.

mod blobs;
mod root;

pub use blobs::{base36, file, global_metadata, index_metadata, shard_generation, shard_snapshot, snapshot};
pub use root::{large_root, root};

use super::codec::{DEFLATE, FOOTER_MAGIC, HEADER_MAGIC, VERSION, ZSTD};
use flate2::{Compression, write::DeflateEncoder};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::io::Write;

/// How a body is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Plain,
    /// Raw DEFLATE behind `DFL\0`.
    Deflate,
    /// A frame behind `ZSTD\0`.
    Zstd,
}

/// Stores a body in the given way.
pub fn pack(packing: Packing, body: &[u8]) -> Vec<u8> {
    match packing {
        Packing::Plain => body.to_vec(),
        Packing::Deflate => [DEFLATE, &deflate(body)].concat(),
        Packing::Zstd => [ZSTD, &zstd::bulk::compress(body, 3).expect("memory")].concat(),
    }
}

/// Raw DEFLATE.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(3));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Puts header and footer around a body: see [`super::codec`].
pub fn seal(codec: &str, body: &[u8]) -> Vec<u8> {
    let mut blob = HEADER_MAGIC.to_be_bytes().to_vec();
    blob.push(u8::try_from(codec.len()).expect("a short codec name"));
    blob.extend_from_slice(codec.as_bytes());
    blob.extend_from_slice(&VERSION.to_be_bytes());
    blob.extend_from_slice(body);
    seal_tail(&mut blob);
    blob
}

/// Appends a footer to a Lucene file or a blob.
pub fn seal_tail(bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&FOOTER_MAGIC.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    let checksum = crc32fast::hash(bytes);
    bytes.extend_from_slice(&u64::from(checksum).to_be_bytes());
}

/// Corrects the checksum of a blob whose bytes were changed.
pub fn reseal(blob: &mut [u8]) {
    if let Some(end) = blob.len().checked_sub(8) {
        let (bytes, checksum) = blob.split_at_mut(end);
        checksum.copy_from_slice(&u64::from(crc32fast::hash(bytes)).to_be_bytes());
    }
}

/// Where a string begins with this, [`smile`] writes binary: what follows, in hexadecimal.
pub const BINARY: &str = "binary:";

/// SMILE as engines write it: shared names, no shared strings, raw binary (see [`BINARY`]).
pub fn smile(value: &Value) -> Vec<u8> {
    let mut serializer = serde_smile::ser::Serializer::builder()
        .raw_binary(true)
        .build(Vec::new());
    Smile(value)
        .serialize(&mut serializer)
        .expect("any JSON is SMILE");
    serializer.into_inner()
}

/// Bytes that [`smile`] writes as binary.
pub fn binary(bytes: &[u8]) -> Value {
    Value::String(format!("{BINARY}{}", data_encoding::HEXLOWER.encode(bytes)))
}

struct Smile<'a>(&'a Value);

impl Serialize for Smile<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(members) => serializer.collect_seq(members.iter().map(Smile)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Smile(value))))
            }
            Value::Number(number) => match number.as_i64() {
                Some(small) => match i32::try_from(small) {
                    Ok(smaller) => serializer.serialize_i32(smaller),
                    Err(_) => serializer.serialize_i64(small),
                },
                None => number.serialize(serializer),
            },
            Value::String(text) => {
                let hex = text.strip_prefix(BINARY);
                match hex.and_then(|hex| data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()) {
                    Some(bytes) => serializer.serialize_bytes(&bytes),
                    None => serializer.serialize_str(text),
                }
            }
            other => other.serialize(serializer),
        }
    }
}

/// A blob of the kind that `codec` names, holding a value.
pub fn blob(codec: &str, packing: Packing, value: &Value) -> Vec<u8> {
    seal(codec, &pack(packing, &smile(value)))
}

/// A uuid of the shape that engines make, the same for the same seed.
pub fn uuid(seed: u64) -> String {
    let mut bytes = [0; 16];
    let mut state = seed.wrapping_add(1);
    for byte in &mut bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *byte = (state >> 56) as u8;
    }
    data_encoding::BASE64URL_NOPAD.encode(&bytes)
}
