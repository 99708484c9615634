//! Pieces of Lucene files for tests.

use super::codec_util::FOOTER;

pub(crate) use crate::testing::lucene::{Files, index};

/// A file's header.
pub(crate) fn header(codec: &str, version: u32, id: &[u8; 16], suffix: &str) -> Vec<u8> {
    let mut bytes = 0x3fd7_6c17u32.to_be_bytes().to_vec();
    bytes.push(codec.len() as u8);
    bytes.extend(codec.as_bytes());
    bytes.extend(version.to_be_bytes());
    bytes.extend(id);
    bytes.push(suffix.len() as u8);
    bytes.extend(suffix.as_bytes());
    bytes
}

/// Adds a footer.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend((!0x3fd7_6c17u32).to_be_bytes());
    bytes.extend([0; 4]);
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(u64::from(checksum).to_be_bytes());
    bytes
}

/// Takes the footer off, changes the rest and puts a right footer on: damage that no checksum shows.
pub(crate) fn changed(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = bytes[..bytes.len() - FOOTER].to_vec();
    change(&mut body);
    seal(body)
}
