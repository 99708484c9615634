//! What a cluster's repositories hold, in a summary that stays small however many snapshots there are.

use super::observation::SnapshotSummary;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every repository, policy and index of a cluster at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// When it was taken.
    pub at: Timestamp,
    /// By name, [`Inventory::REPOSITORIES`] at most.
    pub repositories: Vec<RepositorySummary>,
    /// Repositories beyond those.
    pub repositories_left_out: u32,
    /// The engine's own policies, [`Inventory::POLICIES`] at most; `None` when it has no such feature, or would not say.
    pub policies: Option<Vec<ObservedPolicy>>,
    /// Why the policies are not known.
    pub policies_problem: Option<String>,
    /// What no good snapshot holds.
    pub uncovered: Uncovered,
}

impl Inventory {
    /// Repositories that are looked into.
    pub const REPOSITORIES: usize = 50;
    /// Policies that are kept.
    pub const POLICIES: usize = 50;

    /// The repositories that the cluster itself writes to. What a read-only registration shows is mostly another's.
    pub fn written(&self) -> impl Iterator<Item = &RepositorySummary> {
        self.repositories.iter().filter(|one| !one.readonly)
    }

    /// The newest good snapshot in any of them.
    pub fn last_good(&self) -> Option<(&RepositorySummary, Timestamp)> {
        let end = |one: &RepositorySummary| one.snapshots.latest_successful_end_time;
        self.written()
            .filter_map(|one| end(one).map(|at| (one, at)))
            .max_by_key(|(_, at)| *at)
    }
}

/// One repository of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySummary {
    /// Its name on the engine.
    pub name: String,
    /// Snapshots cannot be written through it.
    pub readonly: bool,
    /// Its snapshots, counted.
    pub snapshots: SnapshotSummary,
    /// The newest attempt.
    pub newest: Option<Attempt>,
    /// The newest attempt that has ended, when the newest has not.
    pub finished: Option<Attempt>,
    /// Tells whether anything came, went or ended since: see `Engine::snapshots_mark`.
    pub mark: u64,
    /// Why it could not be read; the rest is then what was last known.
    pub problem: Option<String>,
}

impl RepositorySummary {
    /// The newest attempt that has ended.
    pub fn last_finished(&self) -> Option<&Attempt> {
        let ended = self.newest.as_ref().filter(|one| one.end_time.is_some());
        ended.or(self.finished.as_ref())
    }
}

/// A snapshot as it is summed up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Its name; foreign snapshots may have any.
    pub name: String,
    /// The engine's word.
    pub state: String,
    /// SUCCESS, no failed shard, not empty.
    pub good: bool,
    /// Began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start_time: Option<Timestamp>,
    /// Ended; absent while it runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end_time: Option<Timestamp>,
    /// Indices in it.
    pub indices: u32,
    /// Shards that were not stored.
    pub failed_shards: u32,
    /// The first of the failures, in the engine's words.
    pub failures: Vec<String>,
}

/// A policy of the engine's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Policy)]
pub struct ObservedPolicy {
    /// Its name.
    pub name: String,
    /// When it runs, in the engine's words.
    pub schedule: String,
    /// Where its snapshots go.
    pub repository: String,
    /// It runs.
    pub enabled: bool,
    /// Its last good run ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success: Option<Timestamp>,
    /// Its last failed run ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_failure: Option<Timestamp>,
    /// Why that run failed, in the engine's words.
    pub last_failure_cause: Option<String>,
    /// When it runs next.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_run: Option<Timestamp>,
}

impl ObservedPolicy {
    /// It runs, and its last run failed.
    pub fn fails(&self) -> bool {
        self.enabled && self.last_failure.is_some() && self.last_failure > self.last_success
    }
}

/// Indices that no good snapshot holds, by their names, in any repository that the cluster writes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uncovered {
    /// How many; closed ones included, the engine's own apart.
    pub total: u32,
    /// The first of them, by name.
    pub names: Vec<String>,
    /// How many of the engine's own: names that begin with a dot, but for the indices behind data streams (`.ds-…`).
    pub system: u32,
}

impl Uncovered {
    /// Names that are kept.
    pub const NAMES: usize = 20;

    /// Of the indices with these names.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        let (system, mut own): (Vec<String>, Vec<String>) = names
            .into_iter()
            .partition(|name| name.starts_with('.') && !name.starts_with(".ds-"));
        own.sort_unstable();
        let count = |names: &[String]| u32::try_from(names.len()).unwrap_or(u32::MAX);
        let (total, system) = (count(&own), count(&system));
        own.truncate(Self::NAMES);
        Self {
            total,
            names: own,
            system,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_own_indices_are_counted_apart_and_data_streams_are_not_its_own() {
        let names = [".kibana_1", ".ds-logs-000001", "orders", ".security-7", "flights"];
        let uncovered = Uncovered::of(names.map(str::to_owned));
        assert_eq!((uncovered.total, uncovered.system), (3, 2));
        assert_eq!(uncovered.names, [".ds-logs-000001", "flights", "orders"]);
    }

    #[test]
    fn only_so_many_names_are_kept_and_all_are_counted() {
        let uncovered = Uncovered::of((0..5_000).map(|n| format!("logs-{n:05}")));
        assert_eq!(
            (uncovered.total, uncovered.names.len()),
            (5_000, Uncovered::NAMES)
        );
    }

    #[test]
    fn a_policy_fails_when_its_failure_came_after_its_success() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let policy = |last_success, last_failure, enabled| ObservedPolicy {
            last_success,
            last_failure,
            enabled,
            ..ObservedPolicy::default()
        };
        assert!(policy(at(1), at(2), true).fails() && policy(None, at(2), true).fails());
        assert!(!policy(at(3), at(2), true).fails() && !policy(at(1), None, true).fails());
        assert!(!policy(None, None, true).fails() && !policy(at(1), at(2), false).fails());
    }
}
