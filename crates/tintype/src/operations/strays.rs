//! Snapshots that late requests brought after their operations had ended: reported once, and left alone.

use super::{Operations, looks};
use crate::model::observation::Stray;
use crate::model::take::TakeParameters;
use crate::model::{Cluster, FailureKind, Operation, OperationKind, Status};
use crate::store::OperationFilter;
use std::collections::HashMap;
use tintype_engine::SnapshotInfo;

/// Operations that ended badly, and are looked through for what came after all.
const ENDED: u32 = 1000;

/// The operations that ended without their snapshot, in one repository, by its name.
#[derive(Debug)]
pub struct Open(Option<HashMap<String, String>>);

impl Open {
    /// Of a cluster's repository. When the store does not say, what was last reported stays.
    pub async fn of(operations: &Operations, cluster: &Cluster, repository: &str) -> Self {
        let filter = OperationFilter {
            cluster_id: Some(cluster.id.clone()),
            kinds: vec![OperationKind::TakeSnapshot],
            statuses: vec![Status::Failed, Status::Cancelled],
            limit: ENDED,
            ..OperationFilter::default()
        };
        let Ok(ended) = operations.store().operations(&filter).await else {
            return Self(None);
        };
        let open = ended.into_iter().filter(left_open).filter_map(|operation| {
            let asked = serde_json::from_value::<TakeParameters>(operation.parameters).ok()?;
            let here = asked.repository.as_str() == repository;
            here.then(|| (asked.name.to_string(), operation.id))
        });
        Self(Some(open.collect()))
    }

    /// The stray that this snapshot is.
    pub fn stray(&self, found: &SnapshotInfo) -> Option<Stray> {
        let operation = self.0.as_ref()?.get(&found.name)?;
        let theirs = looks::operation_of(found).map_or(found.metadata.is_none(), |id| id == operation);
        theirs.then(|| Stray {
            name: found.name.clone(),
            uuid: found.uuid.clone(),
            operation: operation.clone(),
        })
    }

    /// What is to be shown; what is new is logged.
    pub fn report(&self, found: Vec<Stray>, last: &[Stray]) -> Vec<Stray> {
        if self.0.is_none() {
            return last.to_vec();
        }
        for stray in found.iter().filter(|stray| !last.contains(stray)) {
            tracing::warn!(
                operation = stray.operation,
                snapshot = stray.name,
                "a snapshot is there whose operation had ended without it; it is left alone"
            );
        }
        found
    }
}

/// It ended without a snapshot, and a late request could still bring one.
fn left_open(operation: &Operation) -> bool {
    let kind = operation.failure.as_ref().map(|failure| failure.kind);
    operation.status == Status::Cancelled
        || matches!(
            kind,
            Some(FailureKind::OutcomeUnknown | FailureKind::Vanished | FailureKind::Internal)
        )
}
