//! Indices that Lucene itself wrote: see `tests/fixtures/lucene`.

use std::collections::BTreeMap;
use std::path::Path;

/// The files of an index, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The length of a block in an archive.
const BLOCK: usize = 512;

/// An index that Lucene `major` (7 to 10) wrote: `mixed`, `updated`, `sorted` or `empty`.
pub fn index(major: u8, index: &str) -> Files {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lucene");
    let archive = std::fs::read(fixtures.join(format!("{major}.tar"))).expect("the archive of that version");
    let mut files = Files::new();
    let mut at = 0;
    // A header of 512 bytes (name, at 124 its length in octal), then the file in blocks of 512.
    while archive[at] != 0 {
        let text = |from: usize, to: usize| {
            let bytes = &archive[at + from..at + to];
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            std::str::from_utf8(&bytes[..end]).expect("a name or a number")
        };
        let length = usize::from_str_radix(text(124, 136), 8).expect("a length");
        let name = text(0, 100).strip_prefix(&format!("{index}/"));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            files.insert(name.to_owned(), archive[at + BLOCK..at + BLOCK + length].to_vec());
        }
        at += BLOCK + length.next_multiple_of(BLOCK);
    }
    files
}
