//! Collects findings: a bounded number, and always the same ones, whatever order they come in.

use crate::finding::{Finding, Kind, Severity};
use crate::repository::Repository;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

/// So many findings are reported; more are counted.
pub const MOST_FINDINGS: usize = 10_000;

/// So many snapshots are named in a finding; more are counted.
const MOST_SNAPSHOTS: usize = 1000;

/// A blob, as findings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// From the repository's base, as if no path was hashed.
    pub blob: String,
    /// From the store's root.
    pub key: String,
}

/// A finding before it is worded for the report: snapshots and index are positions in the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub severity: Severity,
    pub kind: Kind,
    pub place: Place,
    pub message: String,
    pub offset: Option<u64>,
    pub expected: Option<String>,
    pub actual: Option<String>,
    pub index: Option<u32>,
    pub shard: Option<u32>,
    pub snapshots: Vec<u32>,
    left_out: u64,
}

impl Found {
    /// `what` is what is wrong with the blob, without its name.
    pub fn new(severity: Severity, kind: Kind, place: Place, what: &str) -> Self {
        Self {
            severity,
            kind,
            message: format!("{}: {what}", place.blob),
            place,
            offset: None,
            expected: None,
            actual: None,
            index: None,
            shard: None,
            snapshots: Vec::new(),
            left_out: 0,
        }
    }

    pub fn at(mut self, offset: Option<u64>) -> Self {
        self.offset = offset;
        self
    }

    pub fn instead(mut self, expected: Option<String>, actual: Option<String>) -> Self {
        self.expected = expected;
        self.actual = actual;
        self
    }

    pub fn differs(self, expected: impl ToString, actual: impl ToString) -> Self {
        self.instead(Some(expected.to_string()), Some(actual.to_string()))
    }

    pub fn of_index(mut self, index: u32) -> Self {
        self.index = Some(index);
        self
    }

    pub fn of_shard(mut self, shard: u32) -> Self {
        self.shard = Some(shard);
        self
    }

    pub fn hurting(mut self, snapshots: impl IntoIterator<Item = u32>) -> Self {
        self.snapshots.extend(snapshots);
        self.snapshots.sort_unstable();
        self.snapshots.dedup();
        self.left_out = self.snapshots.len().saturating_sub(MOST_SNAPSHOTS) as u64;
        self.snapshots.truncate(MOST_SNAPSHOTS);
        self
    }

    /// Takes snapshots out; whether anybody is still hurt.
    pub fn without(&mut self, gone: &impl Fn(u32) -> bool) -> bool {
        let hurt = !self.snapshots.is_empty();
        self.snapshots.retain(|snapshot| !gone(*snapshot));
        !hurt || !self.snapshots.is_empty() || self.left_out > 0
    }

    fn words(self, repository: &Repository) -> Finding {
        let root = &repository.root;
        let snapshot = |position: &u32| {
            let found = root.snapshots.get(*position as usize);
            found.map_or_else(String::new, |snapshot| snapshot.name.to_string())
        };
        let index = self.index.and_then(|index| root.indices.get(index as usize));
        Finding {
            severity: self.severity,
            kind: self.kind,
            key: (self.place.key != self.place.blob).then_some(self.place.key),
            blob: self.place.blob,
            offset: self.offset,
            expected: self.expected,
            actual: self.actual,
            message: self.message,
            index: index.map(|index| index.name.to_string()),
            shard: self.shard,
            snapshots: self.snapshots.iter().map(snapshot).collect(),
            snapshots_left_out: self.left_out,
        }
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = |found: &Self| (Reverse(found.severity), found.kind, found.offset, found.shard);
        let first = Reverse(self.severity).cmp(&Reverse(other.severity));
        first
            .then_with(|| self.place.blob.cmp(&other.place.blob))
            .then_with(|| order(self).cmp(&order(other)))
            .then_with(|| self.message.cmp(&other.message))
            .then_with(|| self.snapshots.cmp(&other.snapshots))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// All findings of a run.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<Collected>);

#[derive(Debug, Default)]
struct Collected {
    /// The largest, which is left out first, on top.
    heap: BinaryHeap<Found>,
    left_out: u64,
}

impl Findings {
    pub fn push(&self, found: Found) {
        let mut collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        collected.heap.push(found);
        if collected.heap.len() > MOST_FINDINGS {
            collected.heap.pop();
            collected.left_out += 1;
        }
    }

    /// Whether there is anything worse than a note.
    pub fn is_bad(&self) -> bool {
        let collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        collected.heap.iter().any(|found| found.severity > Severity::Note)
    }

    /// Keeps only those that `keep` says, which may change them.
    pub fn retain(&self, mut keep: impl FnMut(&mut Found) -> bool) {
        let mut collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = std::mem::take(&mut collected.heap).into_vec();
        let kept = all
            .into_iter()
            .filter_map(|mut found| keep(&mut found).then_some(found));
        collected.heap = kept.collect();
    }

    /// Worst first, and how many were left out.
    pub fn finish(&self, repository: &Repository) -> (Vec<Finding>, u64) {
        let collected = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let sorted = collected.heap.into_sorted_vec();
        let words = sorted.into_iter().map(|found| found.words(repository));
        (words.collect(), collected.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(severity: Severity, blob: &str) -> Found {
        let place = Place {
            blob: blob.to_owned(),
            key: blob.to_owned(),
        };
        Found::new(severity, Kind::BlobMissing, place, "is not there")
    }

    #[test]
    fn the_same_findings_are_kept_whatever_order_they_come_in() {
        let all: Vec<Found> = (0..MOST_FINDINGS + 50)
            .map(|number| match number % 2 {
                0 => found(Severity::Error, &format!("{number:06}")),
                _ => found(Severity::Note, &format!("{number:06}")),
            })
            .collect();
        let kept = |all: &mut dyn Iterator<Item = &Found>| {
            let findings = Findings::default();
            all.for_each(|found| findings.push(found.clone()));
            let collected = findings.0.into_inner().unwrap();
            (collected.heap.into_sorted_vec(), collected.left_out)
        };
        let forward = kept(&mut all.iter());
        assert_eq!(forward, kept(&mut all.iter().rev()));
        assert_eq!((forward.0.len(), forward.1), (MOST_FINDINGS, 50));
        assert_eq!(forward.0[0].severity, Severity::Error);
        assert_eq!(forward.0[MOST_FINDINGS - 1].severity, Severity::Note);
    }

    #[test]
    fn a_finding_that_hurts_nobody_any_more_can_be_told() {
        let mut hurting = found(Severity::Error, "a").hurting([3, 1, 3]);
        assert_eq!(hurting.snapshots, [1, 3]);
        assert!(hurting.without(&|snapshot| snapshot == 1));
        assert!(!hurting.without(&|snapshot| snapshot == 3));
        assert!(found(Severity::Note, "a").without(&|_| true));
    }
}
