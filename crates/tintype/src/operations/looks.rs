//! Looks at an engine that several operations need, and what their failures mean.

use super::engines::dialect;
use crate::model::{Cluster, Failure, FailureKind};
use jiff::Timestamp;
use tintype_engine::{CallSite, Engine, Error, NotSent, SnapshotInfo, SnapshotState};

/// The indices of a cluster, sorted, by what a snapshot of everything does with them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Indices {
    /// In it.
    pub held: Vec<String>,
    /// Closed, and left out by an engine that cannot include them.
    pub left_out: Vec<String>,
}

/// The indices that a snapshot of everything resolves to, and those that it leaves out.
///
/// # Errors
/// The engine's.
pub async fn indices(engine: &Engine, cluster: &Cluster) -> Result<Indices, Error> {
    let with_closed = dialect(cluster).is_none_or(|dialect| dialect.expands_wildcards());
    let mut indices = Indices::default();
    for (name, closed) in engine.index_names().await? {
        if closed && !with_closed {
            indices.left_out.push(name);
        } else {
            indices.held.push(name);
        }
    }
    Ok(indices)
}

/// Reads are not bound to the pinned uuid: that another cluster at this address does not have something says nothing.
///
/// # Errors
/// The engine's; `UuidMismatch` when another cluster answers.
pub async fn pinned_answers(engine: &Engine, cluster: &Cluster) -> Result<(), Error> {
    let found = engine.cluster_uuid().await?;
    if found == cluster.uuid {
        return Ok(());
    }
    Err(Error::NotSent {
        at: CallSite {
            method: "GET",
            path: "/_cluster/state/version".to_owned(),
        },
        why: NotSent::UuidMismatch {
            expected: cluster.uuid.clone(),
            found,
        },
    })
}

/// What a failed look, or a request that was not sent, means for an operation.
pub fn failure(error: &Error, cluster: &Cluster) -> Failure {
    let kind = match error {
        Error::NotSent {
            why: NotSent::UuidMismatch { .. },
            ..
        } => FailureKind::UuidMismatch,
        Error::NotSent {
            why: NotSent::Forbidden { .. },
            ..
        } => FailureKind::AccessLevel,
        Error::Refused { .. } => FailureKind::EngineRefused,
        _ => FailureKind::EngineUnreachable,
    };
    Failure::new(kind, format!("cluster {} ({}): {error}", cluster.id, cluster.url))
}

/// The operation that made a snapshot, by its metadata.
pub fn operation_of(snapshot: &SnapshotInfo) -> Option<&str> {
    snapshot
        .metadata
        .as_ref()?
        .get("tintype")?
        .get("operation")?
        .as_str()
}

/// Good as far as the engine's own word goes: SUCCESS, no failed shard, not empty.
pub fn looks_good(snapshot: &SnapshotInfo) -> bool {
    snapshot.state == SnapshotState::Success
        && snapshot.failed_shards == 0
        && snapshot.failures.is_empty()
        && !snapshot.indices.is_empty()
}

/// An engine's time; zero and absent mean that it has none.
pub fn timestamp(millis: Option<i64>) -> Option<Timestamp> {
    millis
        .filter(|&millis| millis > 0)
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
}
