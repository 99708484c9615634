//! What is known of snapshots by reading their storage, beside what the engine says of them.

use super::location::Wanted;
use super::reads::SnapshotView;
use super::repositories::Resolved;
use crate::app::App;
use crate::error::Result;
use crate::model::{Cluster, Proof};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use tintype_repository::Level;
use tintype_repository::verify::verdict::Verdict;

/// What is known of a snapshot by reading its storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Proof)]
pub struct ProofView {
    /// `restorable`, `in_part`, `not_restorable` or `unknown`, as far as the level looked.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// How deep all of its data was checked: `root`, `metadata`, `presence`, `fingerprint`, `checksum` or `structure`.
    #[schema(value_type = String)]
    pub level: Level,
    /// The oldest check that this rests on: its age is the proof's.
    #[schema(value_type = String, format = DateTime)]
    pub oldest_check: Timestamp,
    /// When the verification ended.
    #[schema(value_type = String, format = DateTime)]
    pub checked_at: Timestamp,
    /// The verification that found it.
    pub verification: String,
    /// When the server attested it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attested_at: Option<Timestamp>,
}

impl ProofView {
    fn new(proof: Proof, attested_at: Option<Timestamp>) -> Self {
        Self {
            verdict: proof.verdict,
            level: proof.level,
            oldest_check: proof.oldest_check,
            checked_at: proof.checked_at,
            verification: proof.operation,
            attested_at,
        }
    }
}

/// Adds what is known to snapshots of a cluster. A proof is of a location, so it is found by where the snapshot's
/// repository pointed when it was last seen, else by where the platform means it to point.
///
/// # Errors
/// The store's.
pub async fn add(
    app: &App,
    cluster: &Cluster,
    resolved: Option<&Resolved>,
    snapshots: &mut [SnapshotView],
) -> Result<()> {
    if snapshots.is_empty() {
        return Ok(());
    }
    for (repository, location) in locations(app, cluster, resolved).await? {
        let here = |one: &&SnapshotView| one.repository == repository;
        let uuids: Vec<&str> = snapshots
            .iter()
            .filter(here)
            .map(|one| one.uuid.as_str())
            .collect();
        if uuids.is_empty() {
            continue;
        }
        let mut proofs = app.store.proofs(&cluster.id, &location, &uuids).await?;
        let attested = app.store.attested(&cluster.id, &location, &uuids).await?;
        for one in snapshots.iter_mut().filter(|one| one.repository == repository) {
            let proof = proofs.remove(&one.uuid);
            one.proof = proof.map(|proof| ProofView::new(proof, attested.get(&one.uuid).copied()));
        }
    }
    Ok(())
}

/// The location of a snapshot's repository, in one comparable line; `None` when it is not known.
///
/// # Errors
/// The store's.
pub async fn location(app: &App, cluster: &Cluster, resolved: &Resolved) -> Result<Option<String>> {
    let mut known = locations(app, cluster, Some(resolved)).await?;
    Ok(known.remove(resolved.engine_name.as_str()))
}

/// By the names of the cluster's repositories.
async fn locations(
    app: &App,
    cluster: &Cluster,
    resolved: Option<&Resolved>,
) -> Result<HashMap<String, String>> {
    let mut known = HashMap::new();
    if let Some(Resolved {
        engine_name,
        platform: Some(platform),
    }) = resolved
    {
        let wanted = Wanted::new(platform, cluster, engine_name.clone());
        known.insert(engine_name.to_string(), wanted.location());
    }
    let seen = app.store.observation(&cluster.id).await?.unwrap_or_default();
    for one in seen.registrations {
        if let Some(location) = one.location {
            known.insert(one.name, location);
        }
    }
    Ok(known)
}
