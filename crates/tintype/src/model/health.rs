//! How a cluster's snapshots stand, in the few words that are counted, watched and told.

use super::Observation;
use jiff::Timestamp;

/// What a look says about a cluster's snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The engine answered, and is the one that was pinned.
    pub reachable: bool,
    /// The newest finished attempt is good; absent when there is none.
    pub latest_good: Option<bool>,
    /// When the newest good snapshot ended.
    pub good_at: Option<Timestamp>,
    /// Its name.
    pub good_name: Option<String>,
}

impl Health {
    /// What an observation says.
    pub fn of(seen: &Observation) -> Self {
        let (good_at, good_name) = last_good(seen);
        Self {
            reachable: seen.reachable,
            latest_good: seen.snapshots.latest_successful,
            good_at,
            good_name,
        }
    }
}

/// The newest good snapshot in any repository that the cluster writes to, as the fleet's verdict has it.
fn last_good(seen: &Observation) -> (Option<Timestamp>, Option<String>) {
    match &seen.inventory {
        Some(inventory) => inventory.last_good().map_or((None, None), |(repository, at)| {
            (Some(at), repository.snapshots.latest_successful_name.clone())
        }),
        None => (
            seen.snapshots.latest_successful_end_time,
            seen.snapshots.latest_successful_name.clone(),
        ),
    }
}

/// How a cluster stands against its limit, and what was told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The cluster's own limit for the age of its newest good snapshot, seconds; the configuration's when absent.
    pub max_age_seconds: Option<i64>,
    /// When the newest good snapshot ended, as last seen.
    pub good_at: Option<Timestamp>,
    /// Late since, as it was told.
    pub late_since: Option<Timestamp>,
    /// Failing since, as it was told.
    pub failing_since: Option<Timestamp>,
}
