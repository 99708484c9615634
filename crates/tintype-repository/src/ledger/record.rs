//! A ledger file's records: 32 bytes each, the key, when, at which level, and a CRC-32 of those.

use super::{BlobKey, Check};
use crate::Level;

/// A record's length in bytes.
pub(super) const LENGTH: usize = 32;

/// What a ledger file begins with, as long as a record.
pub(super) const HEADER: &[u8; LENGTH] = b"tintype ledger 1\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

pub(super) fn encode(key: BlobKey, check: Check) -> [u8; LENGTH] {
    let mut record = [0; LENGTH];
    record[..16].copy_from_slice(&key.0);
    record[16..24].copy_from_slice(&check.at.to_le_bytes());
    record[24] = number(check.level);
    let sum = crc32fast::hash(&record[..28]);
    record[28..].copy_from_slice(&sum.to_le_bytes());
    record
}

/// `None`: torn or damaged.
pub(super) fn decode(record: &[u8; LENGTH]) -> Option<(BlobKey, Check)> {
    if crc32fast::hash(&record[..28]).to_le_bytes() != record[28..] {
        return None;
    }
    let mut key = [0; 16];
    key.copy_from_slice(&record[..16]);
    let mut at = [0; 8];
    at.copy_from_slice(&record[16..24]);
    let check = Check {
        level: level(record[24])?,
        at: i64::from_le_bytes(at),
    };
    Some((BlobKey(key), check))
}

fn number(level: Level) -> u8 {
    if level >= Level::Checksum { 2 } else { 1 }
}

fn level(number: u8) -> Option<Level> {
    match number {
        1 => Some(Level::Fingerprint),
        2 => Some(Level::Checksum),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_which_a_bit_flipped_is_none() {
        let check = Check {
            level: Level::Checksum,
            at: 1_790_000_000_123,
        };
        let record = encode(BlobKey([7; 16]), check);
        assert_eq!(decode(&record), Some((BlobKey([7; 16]), check)));
        for byte in 0..LENGTH {
            let mut flipped = record;
            flipped[byte] ^= 4;
            assert_eq!(decode(&flipped), None, "byte {byte}");
        }
    }
}
