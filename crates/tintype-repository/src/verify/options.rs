//! What to verify, how deep, and within which bounds.

use crate::Level;
use std::time::Duration;

/// See the commands' help for the meaning to users.
#[derive(Debug, Clone)]
pub struct Options {
    /// How deep.
    pub level: Level,
    /// Check Lucene's structure at a level below [`Level::Structure`] too (from [`Level::Fingerprint`] on).
    pub structure: bool,
    /// Only these snapshots (names or uuids); empty: all.
    pub snapshots: Vec<String>,
    /// Only these indices (names, `*` as wildcard); empty: all.
    pub indices: Vec<String>,
    /// Only the newest finished snapshot.
    pub latest: bool,
    /// Read again what the ledger last saw before this time (ms since 1970); `None`: read everything now.
    pub since: Option<i64>,
    /// Stop reading data after so many bytes; what is left is as old as the ledger says.
    pub budget_bytes: Option<u64>,
    /// Stop reading data after so long.
    pub budget_time: Option<Duration>,
    /// At most so many bytes a second.
    pub rate: Option<u64>,
    /// Part n (from 1) of t of the data blobs, by a hash of the blob's name: the union of all t is the whole.
    pub subset: Option<(u32, u32)>,
    /// Requests at once.
    pub concurrency: usize,
    /// Now, in ms since 1970.
    pub now: i64,
}

impl Options {
    /// Everything at this level and no more, read anew and without bounds, two requests at once; now is in ms since 1970.
    pub fn new(level: Level, now: i64) -> Self {
        Self {
            level,
            structure: false,
            snapshots: Vec::new(),
            indices: Vec::new(),
            latest: false,
            since: None,
            budget_bytes: None,
            budget_time: None,
            rate: None,
            subset: None,
            concurrency: 2,
            now,
        }
    }
}
