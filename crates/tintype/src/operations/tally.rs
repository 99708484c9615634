//! Sums up a repository from its snapshots as they pass by: nothing is kept of those that do not count.

use super::looks;
use super::strays::Open;
use crate::model::inventory::{Attempt, RepositorySummary};
use crate::model::observation::{SnapshotSummary, Stray};
use std::collections::HashSet;
use tintype_engine::{SnapshotInfo, SnapshotState};

/// Failures of an attempt that are kept, and how much of each.
const FAILURES: usize = 5;
const FAILURE_CHARS: usize = 200;

/// A repository, as far as its listing was read.
#[derive(Debug)]
pub struct Tally<'a> {
    open: Option<&'a Open>,
    uncovered: Option<&'a mut HashSet<String>>,
    count: u32,
    mark: u64,
    newest: Option<(i64, Attempt)>,
    finished: Option<(i64, Attempt)>,
    good: Option<(i64, String)>,
    strays: Vec<Stray>,
}

impl<'a> Tally<'a> {
    /// Nothing yet. `open` finds strays; what a good snapshot holds is taken out of `uncovered`.
    pub fn new(open: Option<&'a Open>, uncovered: Option<&'a mut HashSet<String>>) -> Self {
        Self {
            open,
            uncovered,
            count: 0,
            mark: 0,
            newest: None,
            finished: None,
            good: None,
            strays: Vec::new(),
        }
    }

    /// One more snapshot.
    pub fn add(&mut self, info: SnapshotInfo) {
        self.count = self.count.saturating_add(1);
        self.mark = self.mark.wrapping_add(info.mark());
        self.strays.extend(self.open.and_then(|open| open.stray(&info)));
        let (start, end) = (info.start_time_ms.unwrap_or(0), info.end_time_ms.unwrap_or(0));
        let good = looks::looks_good(&info);
        if good
            && self
                .good
                .as_ref()
                .is_none_or(|(at, name)| (*at, name) < (end, &info.name))
        {
            self.good = Some((end, info.name.clone()));
        }
        if good && let Some(uncovered) = &mut self.uncovered {
            for index in &info.indices {
                uncovered.remove(index);
            }
        }
        let later = |than: &Option<(i64, Attempt)>, at| {
            than.as_ref()
                .is_none_or(|(known, one)| (*known, &one.name) < (at, &info.name))
        };
        let is_newest = later(&self.newest, start);
        let is_finished = info.state != SnapshotState::InProgress && later(&self.finished, end);
        if is_newest || is_finished {
            let attempt = attempt(info, good);
            if is_finished {
                self.finished = Some((end, attempt.clone()));
            }
            if is_newest {
                self.newest = Some((start, attempt));
            }
        }
    }

    /// The sum, and the strays among the snapshots.
    pub fn sum(self, name: &str, readonly: bool) -> (RepositorySummary, Vec<Stray>) {
        let newest = self.newest.map(|(_, attempt)| attempt);
        let finished = self.finished.map(|(_, attempt)| attempt);
        let (good_end, good_name) = self.good.unzip();
        let snapshots = SnapshotSummary {
            count: self.count,
            latest_status: newest.as_ref().map(|one| one.state.clone()),
            latest_successful: finished.as_ref().map(|one| one.good),
            latest_end_time: finished.as_ref().and_then(|one| one.end_time),
            latest_successful_end_time: looks::timestamp(good_end),
            latest_successful_name: good_name,
        };
        let summary = RepositorySummary {
            name: name.to_owned(),
            readonly,
            snapshots,
            finished: finished.filter(|finished| newest.as_ref() != Some(finished)),
            newest,
            mark: self.mark,
            problem: None,
        };
        (summary, self.strays)
    }
}

fn attempt(info: SnapshotInfo, good: bool) -> Attempt {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let failure = |failure: &tintype_engine::ShardFailure| {
        let words = format!("{}[{}]: {}", failure.index, failure.shard, failure.reason);
        words.chars().take(FAILURE_CHARS).collect()
    };
    let mut failures: Vec<String> = info.failures.iter().take(FAILURES).map(failure).collect();
    if let Some(reason) = info.reason.filter(|_| failures.is_empty() && !good) {
        failures.push(reason.chars().take(FAILURE_CHARS).collect());
    }
    let ended = info.state != SnapshotState::InProgress;
    Attempt {
        state: info.state.to_string(),
        good,
        start_time: looks::timestamp(info.start_time_ms),
        end_time: looks::timestamp(info.end_time_ms.filter(|_| ended)),
        indices: count(info.indices.len()),
        failed_shards: u32::try_from(info.failed_shards).unwrap_or(u32::MAX),
        failures,
        name: info.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(name: &str, state: SnapshotState, start: i64, end: i64, failed: u64) -> SnapshotInfo {
        SnapshotInfo {
            name: name.to_owned(),
            uuid: name.to_owned(),
            state,
            version: None,
            indices: vec!["a".to_owned(), format!("only-{name}")],
            data_streams: Vec::new(),
            start_time_ms: Some(start),
            end_time_ms: Some(end),
            total_shards: 1,
            successful_shards: 1 - failed,
            failed_shards: failed,
            failures: Vec::new(),
            reason: None,
            metadata: None,
            include_global_state: None,
        }
    }

    fn sum(found: Vec<SnapshotInfo>) -> RepositorySummary {
        let mut tally = Tally::new(None, None);
        found.into_iter().for_each(|one| tally.add(one));
        tally.sum("r", false).0
    }

    #[test]
    fn the_sum_tells_the_newest_attempt_from_the_newest_good_one() {
        let sum = sum(vec![
            snapshot("running", SnapshotState::InProgress, 5_000, 0, 0),
            snapshot("good", SnapshotState::Success, 1_000, 2_000, 0),
            snapshot("shard-lost", SnapshotState::Success, 3_000, 4_000, 1),
        ]);
        let counted = &sum.snapshots;
        assert_eq!(counted.count, 3);
        assert_eq!(counted.latest_status.as_deref(), Some("IN_PROGRESS"));
        assert_eq!(counted.latest_successful, Some(false));
        assert_eq!(counted.latest_end_time.map(|at| at.as_millisecond()), Some(4_000));
        assert_eq!(
            counted.latest_successful_end_time.map(|at| at.as_millisecond()),
            Some(2_000)
        );
        assert_eq!(counted.latest_successful_name.as_deref(), Some("good"));
        assert_eq!(sum.newest.as_ref().map(|one| one.name.as_str()), Some("running"));
        assert_eq!(
            sum.last_finished().map(|one| one.name.as_str()),
            Some("shard-lost")
        );
    }

    #[test]
    fn only_good_snapshots_cover_indices() {
        let names = ["a", "only-good", "only-bad", "none"];
        let mut uncovered: HashSet<String> = names.map(str::to_owned).into();
        let mut tally = Tally::new(None, Some(&mut uncovered));
        tally.add(snapshot("good", SnapshotState::Success, 1, 2, 0));
        tally.add(snapshot("bad", SnapshotState::Partial, 3, 4, 1));
        tally.add(snapshot("running", SnapshotState::InProgress, 5, 0, 0));
        let left: HashSet<String> = ["only-bad", "none"].map(str::to_owned).into();
        assert_eq!(uncovered, left);
    }

    #[test]
    fn the_mark_changes_when_a_snapshot_comes_goes_or_ends_and_not_with_the_order() {
        let one = || snapshot("one", SnapshotState::Success, 1, 2, 0);
        let two = |state| snapshot("two", state, 3, 4, 0);
        let running = sum(vec![one(), two(SnapshotState::InProgress)]).mark;
        assert_eq!(running, sum(vec![two(SnapshotState::InProgress), one()]).mark);
        let ended = sum(vec![one(), two(SnapshotState::Success)]).mark;
        assert!(running != ended && ended != sum(vec![one()]).mark);
    }

    #[test]
    fn of_thousands_of_failures_a_few_are_kept() {
        let mut failed = snapshot("failed", SnapshotState::Failed, 1, 2, 1);
        failed.failures = (0..4_000)
            .map(|shard| tintype_engine::ShardFailure {
                index: "i".to_owned(),
                shard,
                reason: "x".repeat(10_000),
            })
            .collect();
        let newest = sum(vec![failed]).newest.unwrap();
        assert_eq!(newest.failures.len(), FAILURES);
        assert!(newest.failures[0].starts_with("i[0]: xx") && newest.failures[0].len() == FAILURE_CHARS);
    }
}
