//! What is known of each pair of snapshot and index while the shards are looked at; small, since there are up to millions.

use super::verdict::Verdict;
use crate::{Level, finding::Kind};
use std::sync::{Mutex, PoisonError};

/// What something found does to what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// A restore would fail or give wrong data.
    Lost(Kind),
    /// Nothing is known.
    Unknown(Kind),
}

/// Why a pair is not restorable: what was found, and in which shard; of several the first shard's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Why {
    /// `None`: it is of no single shard.
    pub shard: Option<u32>,
    pub kind: Kind,
}

/// What one shard says of one pair, and what a pair's shards say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub lost: Option<Why>,
    pub unknown: Option<Why>,
    /// The level that all data was checked at.
    pub level: Level,
    /// The oldest check that this rests on; `i64::MAX` when none is older than now.
    pub oldest: i64,
    pub bytes: u64,
    /// `None`: the structure of a shard was not checked.
    pub documents: Option<u64>,
    /// How many shards were looked at.
    pub shards: u32,
    /// The major version of Lucene that made the index, where the structure was checked; otherwise 0.
    pub lucene: u8,
}

impl Outcome {
    /// Nothing was looked at yet, and nothing is wrong.
    pub const NONE: Self = Self {
        lost: None,
        unknown: None,
        level: Level::Structure,
        oldest: i64::MAX,
        bytes: 0,
        documents: Some(0),
        shards: 0,
        lucene: 0,
    };

    pub fn note(&mut self, shard: Option<u32>, effect: Effect) {
        let (slot, kind) = match effect {
            Effect::Lost(kind) => (&mut self.lost, kind),
            Effect::Unknown(kind) => (&mut self.unknown, kind),
        };
        *slot = first(*slot, Some(Why { shard, kind }));
    }

    pub fn checked(&mut self, level: Level, at: i64) {
        self.level = self.level.min(level);
        self.oldest = self.oldest.min(at);
    }

    pub fn add(&mut self, other: &Self) {
        self.lost = first(self.lost, other.lost);
        self.unknown = first(self.unknown, other.unknown);
        self.checked(other.level, other.oldest);
        self.bytes = self.bytes.saturating_add(other.bytes);
        let sum = |a: u64, b: u64| a.saturating_add(b);
        self.documents = self.documents.zip(other.documents).map(|(a, b)| sum(a, b));
        self.shards = self.shards.saturating_add(other.shards);
        self.lucene = self.lucene.max(other.lucene);
    }

    pub fn verdict(&self) -> (Verdict, Option<Why>) {
        match (self.lost, self.unknown) {
            (Some(why), _) => (Verdict::NotRestorable, Some(why)),
            (None, Some(why)) => (Verdict::Unknown, Some(why)),
            (None, None) => (Verdict::Restorable, None),
        }
    }
}

fn first(a: Option<Why>, b: Option<Why>) -> Option<Why> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Those of all pairs of a plan.
#[derive(Debug)]
pub(super) struct Outcomes(Mutex<Vec<Outcome>>);

impl Outcomes {
    pub fn new(pairs: usize) -> Self {
        Self(Mutex::new(vec![Outcome::NONE; pairs]))
    }

    /// Adds what a shard, or metadata, says of pairs.
    pub fn add(&self, outcomes: impl IntoIterator<Item = (u32, Outcome)>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (pair, outcome) in outcomes {
            if let Some(known) = all.get_mut(pair as usize) {
                known.add(&outcome);
            }
        }
    }

    pub fn note(&self, pair: u32, effect: Effect) {
        let mut outcome = Outcome::NONE;
        outcome.note(None, effect);
        self.add([(pair, outcome)]);
    }

    pub fn take(&self) -> Vec<Outcome> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_as_bad_as_its_worst_shard_and_as_old_as_its_oldest() {
        let outcomes = Outcomes::new(2);
        let mut good = Outcome {
            bytes: 5,
            documents: Some(3),
            shards: 1,
            ..Outcome::NONE
        };
        good.checked(Level::Checksum, 20);
        let mut bad = good;
        bad.note(Some(4), Effect::Lost(Kind::BlobMissing));
        bad.note(Some(4), Effect::Unknown(Kind::BlobUnreadable));
        bad.checked(Level::Presence, 10);
        let mut first = good;
        first.note(Some(2), Effect::Lost(Kind::BlobLength));
        outcomes.add([(1, good), (1, bad), (1, first), (9, bad)]);
        let all = outcomes.take();
        assert_eq!(all[0], Outcome::NONE);
        let (verdict, why) = all[1].verdict();
        assert_eq!(verdict, Verdict::NotRestorable);
        let kind = Kind::BlobLength;
        assert_eq!(why, Some(Why { shard: Some(2), kind }));
        assert_eq!(
            (all[1].level, all[1].oldest, all[1].bytes),
            (Level::Presence, 10, 15)
        );
        assert_eq!((all[1].documents, all[1].shards), (Some(9), 3));
    }

    #[test]
    fn a_million_pairs_fit() {
        assert!(size_of::<Outcome>() <= 72, "{}", size_of::<Outcome>());
    }
}
