//! `GET /status`: the fleet, the worst first, from the last looks.

use crate::http::Http;
use crate::http::extract::Query;
use crate::http::native::clusters::LastGood;
use crate::http::openapi::{Doc, Parameter};
use crate::http::problem::{Problem, Result, ok};
use crate::model::inventory::{Attempt, Inventory, ObservedPolicy};
use crate::model::{AccessLevel, Verdict, verdict};
use crate::store::fleet::{FleetCluster, FleetQuery};
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Indices that a row names.
const NAMES: usize = 5;

const QUERY: &[Parameter] = &[
    Parameter::integer(
        "max_age_seconds",
        "A cluster is late when its last good snapshot is older. Default: watch.recent_success_window_hours.",
    ),
    Parameter::text(
        "only",
        "Only clusters with these verdicts, by commas: unreachable, failing, never, late, ok.",
    ),
    Parameter::integer("from", "The number of clusters to skip. Default: 0."),
    Parameter::integer("size", "At most so many clusters, 1 to 1000. Default: 100."),
];

/// The fleet.
#[derive(Debug, Serialize, ToSchema)]
pub struct FleetStatus {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Good snapshots up to this age are young enough.
    pub max_age_seconds: i64,
    /// All attached clusters.
    pub total: u64,
    /// How many have each verdict.
    pub counts: BTreeMap<Verdict, u64>,
    /// A page of those that were asked for: the worst verdict first, then the oldest good snapshot.
    pub clusters: Vec<ClusterStatus>,
}

/// A cluster of the fleet.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterStatus {
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
    /// `elasticsearch` or `opensearch`.
    pub distribution: String,
    /// The engine's version.
    pub engine_version: String,
    /// What may be sent to it.
    pub access: AccessLevel,
    /// In one word.
    pub verdict: Verdict,
    /// Why; empty when it is ok.
    pub reasons: Vec<String>,
    /// The engine answered the last look.
    pub reachable: bool,
    /// `green`, `yellow` or `red`, when it last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// When it was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub seen_at: Option<String>,
    /// The newest good snapshot in any repository that it writes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<LastGood>,
    /// The newest attempt there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Attempt>,
    /// Repositories, and the snapshots in all of them.
    pub repositories: usize,
    /// All snapshots in them, whoever made them.
    pub snapshots: u64,
    /// The engine's own policies.
    pub policies: usize,
    /// Why the last run of a policy failed, if it did: the first such policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_failure: Option<String>,
    /// Indices that no good snapshot holds; absent before the first look into the repositories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncovered_indices: Option<u32>,
    /// The first of them.
    pub uncovered_names: Vec<String>,
    /// Another registration writes to a location of this cluster.
    pub shared_location: bool,
}

/// The route's description.
pub fn doc() -> Doc {
    Doc::new("get-fleet-status", "How the snapshots of the whole fleet stand")
        .query(QUERY)
        .answer::<FleetStatus>(200, "The counts, and a page of clusters with the worst first.")
}

/// The handler.
pub async fn handle(State(http): State<Http>, Query(query): Query) -> Result<Response> {
    let max_age = match query.integer("max_age_seconds", 1..=i32::MAX)? {
        Some(seconds) => SignedDuration::from_secs(seconds.into()),
        None => http.recent_success_window,
    };
    let only = query.text("only").unwrap_or_default();
    let only = only.split(',').filter(|word| !word.is_empty()).map(str::trim);
    let only: std::result::Result<Vec<Verdict>, _> = only.map(str::parse).collect();
    let only = only.map_err(|error| Problem::invalid("only", error.to_string()))?;
    let now = http.app.clock.now();
    let from = query.integer("from", 0..=i32::MAX)?.unwrap_or(0);
    let size = query.integer("size", 1..=1000)?.unwrap_or(100);
    let asked = FleetQuery {
        since: crate::clock::to_millis(now.saturating_sub(max_age).unwrap_or(Timestamp::MIN)),
        shared: http.app.operations.sharing_clusters(),
        only,
        from: from.unsigned_abs().into(),
        size: size.unsigned_abs().into(),
    };
    let page = http.app.store.fleet(&asked).await?;
    let judged = Judged { now, max_age };
    Ok(ok(&FleetStatus {
        at: now.to_string(),
        max_age_seconds: max_age.as_secs(),
        total: page.counts.values().sum(),
        clusters: page
            .clusters
            .into_iter()
            .map(|one| judged.row(one, &asked))
            .collect(),
        counts: page.counts,
    }))
}

struct Judged {
    now: Timestamp,
    max_age: SignedDuration,
}

impl Judged {
    fn row(&self, one: FleetCluster, asked: &FleetQuery) -> ClusterStatus {
        let (cluster, seen) = (one.cluster, one.observation);
        let shared_location = asked.shared.contains(cluster.id.as_str());
        let reasons = match one.verdict {
            Verdict::Ok => Vec::new(),
            _ => verdict::reasons(seen.as_ref(), shared_location, self.now, self.max_age),
        };
        let seen = seen.unwrap_or_default();
        let was_seen = seen.at != Timestamp::default();
        let inventory = seen.inventory.unwrap_or_default();
        let was_taken = inventory.at != Timestamp::default();
        ClusterStatus {
            id: cluster.id.into(),
            name: cluster.name,
            distribution: cluster.distribution,
            engine_version: cluster.engine_version,
            access: cluster.access,
            verdict: one.verdict,
            reasons,
            reachable: seen.reachable,
            health: seen.health,
            seen_at: was_seen.then(|| seen.at.to_string()),
            last_good: LastGood::of(&inventory, self.now),
            newest: newest(&inventory),
            repositories: seen.registrations.len(),
            snapshots: inventory
                .written()
                .map(|one| u64::from(one.snapshots.count))
                .sum(),
            policies: inventory.policies.as_ref().map_or(0, Vec::len),
            policy_failure: inventory.policies.iter().flatten().find_map(failure),
            uncovered_indices: was_taken.then_some(inventory.uncovered.total),
            uncovered_names: inventory.uncovered.names.into_iter().take(NAMES).collect(),
            shared_location,
        }
    }
}

fn newest(inventory: &Inventory) -> Option<Attempt> {
    let attempts = inventory.written().filter_map(|one| one.newest.as_ref());
    attempts.max_by_key(|one| one.start_time).cloned()
}

fn failure(policy: &ObservedPolicy) -> Option<String> {
    let cause = policy.last_failure_cause.as_deref().unwrap_or("no cause given");
    policy.fails().then(|| format!("{}: {cause}", policy.name))
}
