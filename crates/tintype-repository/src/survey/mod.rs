//! What a repository holds and what it costs, read from its metadata alone: no data blob is read, nothing is written.
//!
//! Shards are read one at a time by a bounded number of workers, and of a shard's files no more is kept than a bound, so
//! memory grows with the largest directory and with the number of snapshots, not with the repository. What cannot be read,
//! or is beyond the bound, never stops a survey: it is counted in [`Unreadable`], and the figures are then too low.

pub mod diff;
mod documents;
pub mod du;
mod info;
pub mod ls;
pub mod mapping;
pub mod orphans;
mod shard;
pub mod show;
mod work;

use crate::repository::{BlobError, Repository};
use crate::verify::Progress;
use serde::Serialize;
use std::sync::Arc;

/// A repository and how to read it.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What to look at.
    pub repository: Arc<Repository>,
    /// Shards read at once; at least 1 is used.
    pub concurrency: usize,
    /// Counts shards, and stops the survey early when its `stop` is set.
    pub progress: Arc<Progress>,
}

/// Which repository a survey is about; the first members of each document.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// The document's schema: `tintype.ls/1` and the like. Members are added, never renamed.
    pub schema: &'static str,
    /// The repository, without secrets.
    pub location: String,
    /// The repository's own uuid.
    pub uuid: Option<String>,
    /// The generation that was looked at.
    pub generation: u64,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SurveyError {
    /// No snapshot has that name or uuid.
    #[error("there is no snapshot {0:?} in this repository")]
    NoSnapshot(String),
    /// The snapshot's own metadata cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// How many things a survey names that could not be read; the rest is counted.
const NAMED: usize = 100;

/// What could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// How many things.
    pub count: u64,
    /// The first hundred of them, in words.
    pub first: Vec<String>,
}

impl Unreadable {
    fn push(&mut self, what: impl std::fmt::Display) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(what.to_string());
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        let room = NAMED.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
    }
}

/// A sum that a hostile number cannot overflow.
fn sum(values: impl Iterator<Item = u64>) -> u64 {
    values.fold(0, u64::saturating_add)
}

/// A sum that is unknown when a part of it is.
fn sum_known(mut values: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    values.try_fold(0, |sum: u64, value| Some(sum.saturating_add(value?)))
}

impl Survey {
    fn about(&self, schema: &'static str) -> About {
        About {
            schema,
            location: self.repository.source.location().to_owned(),
            uuid: self.repository.root.uuid.as_deref().map(str::to_owned),
            generation: self.repository.generation,
        }
    }

    /// The position of a snapshot in the root.
    fn find(&self, name: &str) -> Result<u32, SurveyError> {
        let found = self.repository.find_snapshot(name);
        found.ok_or_else(|| SurveyError::NoSnapshot(name.to_owned()))
    }

    /// The indices of a snapshot, as positions in the root.
    fn indices_of(&self, snapshot: u32) -> Vec<u32> {
        let indices = self.repository.root.indices.iter().enumerate();
        indices
            .filter(|(_, index)| index.snapshots.binary_search(&snapshot).is_ok())
            .filter_map(|(position, _)| u32::try_from(position).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests;
