//! Digests of a file that is read once, in parts.

use crate::source::{Cause, Sink, Source, SourceError};
use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

/// The bytes at the end of a file that its own checksum does not cover: the checksum itself.
const UNCOVERED: u64 = 8;

/// Takes a file's bytes in order.
struct Digests {
    sha256: Option<Context>,
    crc32: crc32fast::Hasher,
    covered: u64,
    footer: Vec<u8>,
}

/// What a file's bytes give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digested {
    /// All of them, in hexadecimal; `None` when not asked for.
    pub(super) sha256: Option<String>,
    /// All but the last 8, in hexadecimal.
    pub(super) crc32: String,
    /// The last 8: the checksum that the file itself holds, in hexadecimal.
    pub(super) footer: String,
}

impl Digested {
    /// Whether the bytes have a checksum, and say so themselves.
    pub(super) fn is_whole(&self, crc32: Option<&str>) -> bool {
        let same = |crc32: &str| self.crc32 == crc32 && self.footer == footer(crc32);
        crc32.is_none_or(same)
    }
}

impl Sink for Digests {
    fn take(&mut self, bytes: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        let covered = self.covered.min(bytes.len() as u64);
        self.covered -= covered;
        let (bytes, footer) = bytes.split_at(covered as usize);
        self.crc32.update(bytes);
        self.footer.extend_from_slice(footer);
    }
}

/// A checksum as a list writes it.
pub(super) fn crc32(checksum: u32) -> String {
    format!("{checksum:08x}")
}

/// The last 8 bytes of a file with this checksum, both in hexadecimal.
pub(super) fn footer(crc32: &str) -> String {
    format!("00000000{crc32}")
}

/// The SHA-256 of some bytes as a list writes it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref())
}

/// Reads a file whose parts have these keys and lengths.
///
/// # Errors
/// A part cannot be read, or is shorter.
pub(super) async fn read(
    source: &Source,
    parts: &[(String, u64)],
    with_sha256: bool,
) -> Result<Digested, SourceError> {
    let length: u64 = parts.iter().map(|(_, length)| length).sum();
    let mut digests = Digests {
        sha256: with_sha256.then(|| Context::new(&SHA256)),
        crc32: crc32fast::Hasher::new(),
        covered: length.saturating_sub(UNCOVERED),
        footer: Vec::with_capacity(UNCOVERED as usize),
    };
    for (key, length) in parts.iter().filter(|(_, length)| *length > 0) {
        let read;
        (digests, read) = source.scan(key, 0..*length, digests).await?;
        if read != *length {
            return Err(SourceError {
                cause: Cause::Missing,
                message: format!("{key}: {read} bytes instead of {length}"),
            });
        }
    }
    Ok(Digested {
        sha256: digests
            .sha256
            .map(|sha256| HEXLOWER.encode(sha256.finish().as_ref())),
        crc32: crc32(digests.crc32.finalize()),
        footer: HEXLOWER.encode(&digests.footer),
    })
}
