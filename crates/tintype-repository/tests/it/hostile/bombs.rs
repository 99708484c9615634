//! Bodies of blobs that are small as they lie and large when they are read.

use std::fs;
use std::io::Write;
use std::path::Path;

use tintype_repository::format::testing::smile;

/// Where they lie, beside the parsers' directories.
pub const DIRECTORY: &str = "bombs";

/// Lays each into a file.
pub fn write(directory: &Path) {
    let smile = smile(&serde_json::json!({"a": []}));
    let (head, tail) = smile.split_at(smile.len() - 2);
    let json = (&b"{\"a\":["[..], &b"1]}"[..]);
    let bodies = [
        deflated(&[], &[0], 300_000_000, &[]),
        zstandard(&[], &[0], 300_000_000, &[]),
        deflated(head, &[0x21], 60_000_000, tail),
        zstandard(head, &[0xfa, 0xfb], 30_000_000, tail),
        deflated(head, &[0xfa, 0x40, 0x21, 0xfb], 15_000_000, tail),
        zstandard(json.0, b"[],", 20_000_000, json.1),
    ];
    fs::create_dir_all(directory).unwrap();
    for (number, body) in bodies.iter().enumerate() {
        fs::write(directory.join(number.to_string()), body).unwrap();
    }
}

fn repeat(mut to: impl Write, head: &[u8], token: &[u8], times: usize, tail: &[u8]) {
    let many = token.repeat(1000);
    to.write_all(head).unwrap();
    (0..times / 1000).for_each(|_| to.write_all(&many).unwrap());
    to.write_all(tail).unwrap();
}

fn deflated(head: &[u8], token: &[u8], times: usize, tail: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(b"DFL\0".to_vec(), flate2::Compression::fast());
    repeat(&mut encoder, head, token, times, tail);
    encoder.finish().unwrap()
}

fn zstandard(head: &[u8], token: &[u8], times: usize, tail: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(b"ZSTD\0".to_vec(), 1).unwrap();
    repeat(&mut encoder, head, token, times, tail);
    encoder.finish().unwrap()
}
