//! How a cluster's snapshots stand, in one word with its reasons: the rule that `docs/fleet.md` tells.

use super::Observation;
use super::inventory::{Attempt, Inventory, RepositorySummary};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// In one word; the worst first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The engine did not answer, or another one did, or it was not looked at yet.
    Unreachable,
    /// Something that should work does not: see the reasons.
    Failing,
    /// There is no good snapshot.
    Never,
    /// The last good snapshot is too old.
    Late,
    /// A good snapshot that is young enough, and nothing fails.
    Ok,
}

impl Verdict {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [
        Self::Unreachable,
        Self::Failing,
        Self::Never,
        Self::Late,
        Self::Ok,
    ];

    /// The word used on the wire and in the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Failing => "failing",
            Self::Never => "never",
            Self::Late => "late",
            Self::Ok => "ok",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not a verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no verdict: one of unreachable, failing, never, late, ok")]
pub struct NoVerdict(String);

impl FromStr for Verdict {
    type Err = NoVerdict;

    fn from_str(word: &str) -> Result<Self, NoVerdict> {
        let known = Self::ALL.into_iter().find(|one| one.as_str() == word);
        known.ok_or_else(|| NoVerdict(word.chars().take(32).collect()))
    }
}

/// What a verdict needs of an observation: small enough that the store keeps it beside the document, to sort and to
/// count a whole fleet by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The engine answered.
    pub reachable: bool,
    /// [`faults`] found some.
    pub failing: bool,
    /// When the newest good snapshot ended.
    pub last_good: Option<Timestamp>,
}

impl Standing {
    /// Of an observation.
    pub fn of(seen: &Observation) -> Self {
        Self {
            reachable: seen.reachable,
            failing: !faults(seen).is_empty(),
            last_good: last_good(seen),
        }
    }

    /// The verdict. `shared`: another cluster writes to a location of this one. A good snapshot from `since` on is young
    /// enough.
    pub fn verdict(seen: Option<Self>, shared: bool, since: Timestamp) -> Verdict {
        match seen {
            None => Verdict::Unreachable,
            Some(seen) if !seen.reachable => Verdict::Unreachable,
            Some(seen) if seen.failing || shared => Verdict::Failing,
            Some(seen) => match seen.last_good {
                None => Verdict::Never,
                Some(at) if at < since => Verdict::Late,
                Some(_) => Verdict::Ok,
            },
        }
    }
}

/// When the newest good snapshot ended, in any repository that the cluster writes to.
pub fn last_good(seen: &Observation) -> Option<Timestamp> {
    match &seen.inventory {
        Some(inventory) => inventory.last_good().map(|(_, at)| at),
        None => seen.snapshots.latest_successful_end_time,
    }
}

/// What fails, in words; nothing when all is well.
pub fn faults(seen: &Observation) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(inventory) = &seen.inventory else {
        faults.extend(seen.problem.clone());
        return faults;
    };
    for one in inventory.written() {
        if let Some(problem) = &one.problem {
            faults.push(format!("{} cannot be read: {problem}", one.name));
        }
    }
    if let Some((repository, attempt)) = newest_finished(inventory) {
        faults.extend(fault(repository, attempt));
    }
    // A success elsewhere does not make up for it where Tintype was told to keep the snapshots.
    let own = inventory.repositories.iter().find(|one| {
        seen.repository
            .as_ref()
            .is_some_and(|own| own.as_str() == one.name)
    });
    if let Some((own, attempt)) = own.and_then(|own| Some((own, own.last_finished()?))) {
        faults.extend(fault(own, attempt).filter(|fault| !faults.contains(fault)));
    }
    for policy in inventory.policies.iter().flatten().filter(|one| one.fails()) {
        let cause = policy.last_failure_cause.as_deref().unwrap_or("no cause given");
        faults.push(format!("policy {} failed: {cause}", policy.name));
    }
    faults
}

fn newest_finished(inventory: &Inventory) -> Option<(&RepositorySummary, &Attempt)> {
    let finished = inventory
        .written()
        .filter_map(|one| Some((one, one.last_finished()?)));
    finished.max_by_key(|(_, attempt)| attempt.end_time)
}

fn fault(repository: &RepositorySummary, attempt: &Attempt) -> Option<String> {
    if attempt.good {
        return None;
    }
    let why = match (attempt.failed_shards, attempt.indices) {
        (0, 0) => ", without any index".to_owned(),
        (0, _) => String::new(),
        (1, _) => ", 1 shard failed".to_owned(),
        (shards, _) => format!(", {shards} shards failed"),
    };
    let first = attempt.failures.first();
    let first = first.map(|words| format!(": {words}")).unwrap_or_default();
    Some(format!(
        "{}/{} is {}{why}{first}",
        repository.name, attempt.name, attempt.state
    ))
}

/// Why the verdict is what it is, the most telling first; nothing for `ok`.
pub fn reasons(
    seen: Option<&Observation>,
    shared: bool,
    now: Timestamp,
    max_age: SignedDuration,
) -> Vec<String> {
    let Some(seen) = seen else {
        return vec!["it was not looked at yet".to_owned()];
    };
    if !seen.reachable {
        return vec![seen.problem.clone().unwrap_or_else(|| "no answer".to_owned())];
    }
    let mut reasons = faults(seen);
    if shared {
        reasons.push("another cluster writes to its location".to_owned());
    }
    match last_good(seen).map(|at| now.duration_since(at)) {
        None => reasons.push("there is no good snapshot".to_owned()),
        Some(age) if age > max_age => {
            reasons.push(format!("the last good snapshot is older than {}", hours(max_age)));
        }
        Some(_) => {}
    }
    reasons
}

fn hours(age: SignedDuration) -> String {
    match (age.as_secs() / 3600, age.as_secs() % 3600) {
        (hours, 0) => format!("{hours}h"),
        (hours, rest) if rest % 60 == 0 => format!("{}m", hours * 60 + rest / 60),
        _ => format!("{}s", age.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::ObservedPolicy;
    use crate::model::observation::SnapshotSummary;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn attempt(name: &str, state: &str, end: i64) -> Attempt {
        Attempt {
            name: name.to_owned(),
            state: state.to_owned(),
            good: state == "SUCCESS",
            end_time: Some(at(end)),
            indices: 3,
            failed_shards: u32::from(state != "SUCCESS"),
            ..Attempt::default()
        }
    }

    fn repository(name: &str, good: Option<i64>, newest: Option<Attempt>) -> RepositorySummary {
        RepositorySummary {
            name: name.to_owned(),
            snapshots: SnapshotSummary {
                latest_successful_end_time: good.map(at),
                ..SnapshotSummary::default()
            },
            newest,
            ..RepositorySummary::default()
        }
    }

    fn seen(repositories: Vec<RepositorySummary>) -> Observation {
        Observation {
            reachable: true,
            inventory: Some(Inventory {
                repositories,
                ..Inventory::default()
            }),
            ..Observation::default()
        }
    }

    fn judge(seen: &Observation) -> (Verdict, Vec<String>) {
        let now = at(1_000_000);
        let verdict = Standing::verdict(Some(Standing::of(seen)), false, now - DAY);
        (verdict, reasons(Some(seen), false, now, DAY))
    }

    #[test]
    fn a_young_good_snapshot_is_ok_and_its_age_counts_to_the_second() {
        let of = |end| {
            seen(vec![repository(
                "r",
                Some(end),
                Some(attempt("s", "SUCCESS", end)),
            )])
        };
        assert_eq!(judge(&of(913_600)), (Verdict::Ok, vec![]));
        let (verdict, reasons) = judge(&of(913_599));
        assert_eq!(
            (verdict, reasons[0].as_str()),
            (Verdict::Late, "the last good snapshot is older than 24h")
        );
        assert_eq!(judge(&seen(vec![])).0, Verdict::Never);
    }

    #[test]
    fn the_newest_ended_attempt_decides_and_a_running_one_does_not() {
        let failed = repository("r", Some(999_000), Some(attempt("nightly", "PARTIAL", 999_500)));
        let (verdict, reasons) = judge(&seen(vec![failed.clone()]));
        assert_eq!(
            (verdict, reasons[0].as_str()),
            (Verdict::Failing, "r/nightly is PARTIAL, 1 shard failed")
        );
        let running = RepositorySummary {
            finished: failed.newest.clone(),
            newest: Some(Attempt {
                state: "IN_PROGRESS".to_owned(),
                ..Attempt::default()
            }),
            ..failed.clone()
        };
        assert_eq!(judge(&seen(vec![running])).0, Verdict::Failing);
        // A later success anywhere else makes up for it, unless it is the cluster's own repository that fails.
        let other = repository("other", Some(999_900), Some(attempt("later", "SUCCESS", 999_900)));
        let mut both = seen(vec![other, failed]);
        assert_eq!(judge(&both).0, Verdict::Ok);
        both.repository = Some("r".parse().unwrap());
        assert_eq!(judge(&both).0, Verdict::Failing);
    }

    #[test]
    fn what_others_wrote_does_not_count() {
        let mut foreign = repository("r", Some(999_000), Some(attempt("s", "FAILED", 999_000)));
        foreign.readonly = true;
        foreign.problem = Some("gone".to_owned());
        assert_eq!(judge(&seen(vec![foreign])).0, Verdict::Never);
    }

    #[test]
    fn a_policy_or_a_repository_that_fails_makes_the_cluster_fail() {
        let good = || repository("r", Some(999_000), Some(attempt("s", "SUCCESS", 999_000)));
        let mut unread = seen(vec![good(), repository("dead", None, None)]);
        unread.inventory.as_mut().unwrap().repositories[1].problem = Some("no such bucket".to_owned());
        assert_eq!(
            judge(&unread),
            (
                Verdict::Failing,
                vec!["dead cannot be read: no such bucket".to_owned()]
            )
        );
        let mut policy = seen(vec![good()]);
        policy.inventory.as_mut().unwrap().policies = Some(vec![ObservedPolicy {
            name: "nightly".to_owned(),
            enabled: true,
            last_failure: Some(at(999_999)),
            last_failure_cause: Some("disk full".to_owned()),
            ..ObservedPolicy::default()
        }]);
        assert_eq!(
            judge(&policy),
            (
                Verdict::Failing,
                vec!["policy nightly failed: disk full".to_owned()]
            )
        );
    }

    #[test]
    fn a_shared_location_fails_and_what_is_not_seen_is_unreachable() {
        let good = seen(vec![repository(
            "r",
            Some(999_000),
            Some(attempt("s", "SUCCESS", 999_000)),
        )]);
        let standing = Standing::of(&good);
        assert_eq!(Standing::verdict(Some(standing), true, at(0)), Verdict::Failing);
        assert_eq!(reasons(Some(&good), true, at(999_000), DAY).len(), 1);
        assert_eq!(Standing::verdict(None, false, at(0)), Verdict::Unreachable);
        let gone = Standing {
            reachable: false,
            ..standing
        };
        assert_eq!(Standing::verdict(Some(gone), true, at(0)), Verdict::Unreachable);
    }
}
