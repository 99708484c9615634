//! Pieces of Lucene files for tests.

use super::codec_util::FOOTER;

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

/// The files of an index, by name.
pub(crate) type Files = std::collections::BTreeMap<String, Vec<u8>>;

/// An index that Lucene wrote: see `tests/fixtures/lucene`.
pub(crate) fn index(major: u8, index: &str) -> Files {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lucene");
    let archive = std::fs::read(fixtures.join(format!("{major}.tar"))).unwrap();
    let mut files = Files::new();
    let mut at = 0;
    // A header of 512 bytes (name, at 124 its length in octal), then the file in blocks of 512.
    while archive[at] != 0 {
        let text = |from: usize, to: usize| {
            let bytes = &archive[at + from..at + to];
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            std::str::from_utf8(&bytes[..end]).unwrap()
        };
        let length = usize::from_str_radix(text(124, 136), 8).unwrap();
        if let Some(name) = text(0, 100)
            .strip_prefix(&format!("{index}/"))
            .filter(|n| !n.is_empty())
        {
            files.insert(name.to_owned(), archive[at + 512..at + 512 + length].to_vec());
        }
        at += 512 + length.next_multiple_of(512);
    }
    files
}
