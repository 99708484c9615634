//! What a cluster's repositories hold, as the native API shows it.

use crate::model::Inventory;
use crate::model::inventory::{Attempt, ObservedPolicy, RepositorySummary, Uncovered};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What a cluster's repositories hold, whoever made it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inventory)]
pub struct InventoryView {
    /// When it was taken.
    #[schema(format = DateTime)]
    pub at: String,
    /// The newest good snapshot in any repository that the cluster writes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<LastGood>,
    /// The repositories, by name.
    pub repositories: Vec<RepositoryContents>,
    /// Repositories that were not looked into, since there are too many.
    pub repositories_left_out: u32,
    /// The engine's own snapshot policies (SLM, SM); absent when it has no such feature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<ObservedPolicy>>,
    /// Why the policies are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies_problem: Option<String>,
    /// Indices that no good snapshot holds.
    pub uncovered: Uncovered,
}

/// A good snapshot, and how old it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastGood {
    /// The repository's name on the engine.
    pub repository: String,
    /// The snapshot.
    pub name: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub end_time: String,
    /// Seconds since then.
    pub age_seconds: i64,
}

/// The snapshots in one repository.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryContents {
    /// The repository's name on the engine.
    pub name: String,
    /// Snapshots cannot be written through it; what it shows is taken for another cluster's.
    pub readonly: bool,
    /// How many snapshots it has.
    pub snapshots: u32,
    /// The newest attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Attempt>,
    /// The newest attempt that has ended, when the newest has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Attempt>,
    /// The newest good snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<LastGood>,
    /// Why it could not be read; the rest is then what was last known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl InventoryView {
    /// As it is now.
    pub fn new(inventory: Inventory, now: Timestamp) -> Self {
        Self {
            at: inventory.at.to_string(),
            last_good: LastGood::of(&inventory, now),
            repositories: inventory
                .repositories
                .into_iter()
                .map(|one| RepositoryContents::new(one, now))
                .collect(),
            repositories_left_out: inventory.repositories_left_out,
            policies: inventory.policies,
            policies_problem: inventory.policies_problem,
            uncovered: inventory.uncovered,
        }
    }
}

impl LastGood {
    /// Of a whole inventory.
    pub fn of(inventory: &Inventory, now: Timestamp) -> Option<Self> {
        inventory
            .last_good()
            .and_then(|(repository, _)| Self::within(repository, now))
    }

    fn within(repository: &RepositorySummary, now: Timestamp) -> Option<Self> {
        let end = repository.snapshots.latest_successful_end_time?;
        Some(Self {
            repository: repository.name.clone(),
            name: repository.snapshots.latest_successful_name.clone()?,
            end_time: end.to_string(),
            age_seconds: now.duration_since(end).as_secs().max(0),
        })
    }
}

impl RepositoryContents {
    fn new(one: RepositorySummary, now: Timestamp) -> Self {
        Self {
            last_good: LastGood::within(&one, now),
            name: one.name,
            readonly: one.readonly,
            snapshots: one.snapshots.count,
            newest: one.newest,
            finished: one.finished,
            problem: one.problem,
        }
    }
}
