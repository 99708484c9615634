//! What an observation says about a cluster's snapshots, in the words of both APIs.

use super::Http;
use crate::model::Observation;
use jiff::{SignedDuration, Timestamp};

/// How a cluster's snapshots stand at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnapshotHealth {
    /// There is a good snapshot within the configured window.
    pub recent_success: bool,
    /// The newest finished attempt is good, there is a recent success, and the engine answers.
    pub healthy: bool,
    /// Seconds since the newest good snapshot ended.
    pub last_good_age_seconds: Option<i64>,
}

impl SnapshotHealth {
    /// Judged now; nothing is healthy before the first look.
    pub fn of(observation: Option<&Observation>, http: &Http) -> Self {
        observation.map_or_else(Self::default, |seen| {
            Self::at(seen, http.app.clock.now(), http.recent_success_window)
        })
    }

    fn at(seen: &Observation, now: Timestamp, window: SignedDuration) -> Self {
        let age = seen
            .snapshots
            .latest_successful_end_time
            .map(|end| now.duration_since(end));
        let recent_success = age.is_some_and(|age| age <= window);
        Self {
            recent_success,
            healthy: seen.reachable
                && seen.problem.is_none()
                && recent_success
                && seen.snapshots.latest_successful == Some(true),
            last_good_age_seconds: age.map(|age| age.as_secs().max(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::SnapshotSummary;

    fn seen(reachable: bool, latest_successful: Option<bool>, good_at: Option<i64>) -> Observation {
        Observation {
            at: Timestamp::UNIX_EPOCH,
            reachable,
            problem: None,
            health: None,
            nodes: Vec::new(),
            registrations: Vec::new(),
            repository: None,
            snapshots: SnapshotSummary {
                latest_successful,
                latest_successful_end_time: good_at.map(|at| Timestamp::from_second(at).unwrap()),
                ..SnapshotSummary::default()
            },
            ..Observation::default()
        }
    }

    #[test]
    fn healthy_needs_the_newest_attempt_a_recent_success_and_an_engine() {
        let window = SignedDuration::from_hours(24);
        let now = Timestamp::from_second(100_000).unwrap();
        for (observation, recent, healthy, age) in [
            (seen(true, Some(true), Some(99_990)), true, true, Some(10)),
            (seen(true, Some(true), Some(13_600)), true, true, Some(86_400)),
            (seen(true, Some(true), Some(13_599)), false, false, Some(86_401)),
            (seen(true, Some(false), Some(99_990)), true, false, Some(10)),
            (seen(false, Some(true), Some(99_990)), true, false, Some(10)),
            (seen(true, None, None), false, false, None),
        ] {
            let health = SnapshotHealth::at(&observation, now, window);
            assert_eq!(
                (
                    health.recent_success,
                    health.healthy,
                    health.last_good_age_seconds
                ),
                (recent, healthy, age)
            );
        }
    }
}
