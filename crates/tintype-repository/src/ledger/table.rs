//! What a ledger knows, in memory: about 70 bytes for each blob at worst.

use super::{BlobKey, Check};
use crate::Level;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroI64;

/// When a blob was last checked, by level: `None` is never.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    fingerprint: Option<NonZeroI64>,
    checksum: Option<NonZeroI64>,
}

/// Keys are parts of SHA-256 already.
#[derive(Debug, Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks_exact(8) {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    fn write_usize(&mut self, _length: usize) {}
}

/// The last checks of each blob.
#[derive(Debug, Default)]
pub(super) struct Table(HashMap<BlobKey, Times, BuildHasherDefault<Same>>);

impl Table {
    pub(super) fn last(&self, level: Level, key: &BlobKey) -> Option<Check> {
        let times = self.0.get(key)?;
        let check = |level, at: NonZeroI64| Check { level, at: at.get() };
        let checksum = times.checksum.map(|at| check(Level::Checksum, at));
        if level >= Level::Checksum {
            return checksum;
        }
        let fingerprint = times.fingerprint.map(|at| check(Level::Fingerprint, at));
        match (checksum, fingerprint) {
            (Some(checksum), Some(fingerprint)) if fingerprint.at > checksum.at => Some(fingerprint),
            (checksum, fingerprint) => checksum.or(fingerprint),
        }
    }

    pub(super) fn record(&mut self, key: BlobKey, check: Check) {
        if check.is_failure() {
            self.0.remove(&key);
            return;
        }
        let times = self.0.entry(key).or_default();
        let slot = match check.level {
            level if level >= Level::Checksum => &mut times.checksum,
            _ => &mut times.fingerprint,
        };
        let before = slot.map_or(i64::MIN, NonZeroI64::get);
        if check.at >= before {
            *slot = NonZeroI64::new(check.at);
        }
    }

    /// Every check that is still the last of its level.
    pub(super) fn checks(&self) -> impl Iterator<Item = (BlobKey, Check)> {
        self.0.iter().flat_map(|(key, times)| {
            let of = |level, at: Option<NonZeroI64>| at.map(|at| (*key, Check { level, at: at.get() }));
            let both = [
                of(Level::Fingerprint, times.fingerprint),
                of(Level::Checksum, times.checksum),
            ];
            both.into_iter().flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: Level, at: i64) -> Check {
        Check { level, at }
    }

    #[test]
    fn a_check_stands_for_the_levels_below_and_the_newest_counts() {
        let mut table = Table::default();
        let key = BlobKey([1; 16]);
        assert_eq!(table.last(Level::Fingerprint, &key), None);
        table.record(key, check(Level::Checksum, 10));
        assert_eq!(
            table.last(Level::Fingerprint, &key),
            Some(check(Level::Checksum, 10))
        );
        table.record(key, check(Level::Fingerprint, 20));
        assert_eq!(
            table.last(Level::Fingerprint, &key),
            Some(check(Level::Fingerprint, 20))
        );
        assert_eq!(
            table.last(Level::Structure, &key),
            Some(check(Level::Checksum, 10))
        );
        table.record(key, check(Level::Checksum, 5));
        assert_eq!(
            table.last(Level::Checksum, &key),
            Some(check(Level::Checksum, 10))
        );
        assert_eq!(table.checks().count(), 2);
    }

    #[test]
    fn a_failure_takes_every_pass_before_it_away() {
        let mut table = Table::default();
        let key = BlobKey([1; 16]);
        table.record(key, check(Level::Fingerprint, 20));
        table.record(key, check(Level::Checksum, 10));
        table.record(key, Check::FAILED);
        assert_eq!(table.last(Level::Fingerprint, &key), None);
        assert_eq!(table.checks().count(), 0);
        table.record(key, check(Level::Checksum, 30));
        assert_eq!(
            table.last(Level::Checksum, &key),
            Some(check(Level::Checksum, 30))
        );
    }
}
