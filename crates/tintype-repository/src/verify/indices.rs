//! L1 of index metadata: `indices/{id}/meta-{X}.dat`.

use super::findings::Found;
use super::outcome::Effect;
use super::plan::Metadata;
use super::pool;
use super::run::Run;
use super::snapshots;
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::index::{IndexMetadata, Mounted};
use std::sync::Arc;

/// What is kept of a blob of index metadata.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// What makes the index not restorable or unknown in the snapshots that have this metadata.
    pub effect: Option<Effect>,
    pub shards: Option<u32>,
    /// The version that made the index, as written.
    pub created: Option<i64>,
    /// The snapshot that it mounts.
    pub mounted: Option<Box<Mounted>>,
    /// Only the documents' source was stored.
    pub source_only: bool,
}

impl Default for Facts {
    /// Of metadata that was not looked at.
    fn default() -> Self {
        Self {
            effect: Some(Effect::Unknown(Kind::BlobUnreadable)),
            ..Self::by_root()
        }
    }
}

impl Facts {
    fn by_root() -> Self {
        Self {
            effect: None,
            shards: None,
            created: None,
            mounted: None,
            source_only: false,
        }
    }
}

/// Reads all planned blobs; in the plan's order.
pub(super) async fn read(run: &Arc<Run>, snapshots: &Arc<Vec<snapshots::Facts>>) -> Vec<Facts> {
    let count = run.plan.metadata.len();
    if run.options.level == Level::Root {
        return vec![Facts::by_root(); count];
    }
    let shared = (run.clone(), snapshots.clone());
    pool::each(run.threads(), count, run.stop(), move |number| {
        let (run, snapshots) = shared.clone();
        async move { one(&run, &snapshots, number).await }
    })
    .await
}

async fn one(run: &Run, snapshots: &[snapshots::Facts], number: usize) -> Facts {
    let Some(Metadata { index, pair }) = run.plan.metadata.get(number).copied() else {
        return Facts::default();
    };
    let planned = run.plan.indices.get(index as usize);
    let index = planned.map_or(u32::MAX, |planned| planned.index);
    let snapshot = run.plan.snapshot(pair);
    let repository = &run.repository;
    let blob = repository.index_metadata_id(snapshot, index);
    let place = run.place(format!("indices/{}/meta-{blob}.dat", repository.index_id(index)));
    let shared = || {
        let pairs = planned.map_or(0..0, |planned| planned.pairs.clone());
        let position = |pair: &u32| run.plan.pair_metadata.get(*pair as usize).copied();
        let pairs = pairs.filter(move |pair| position(pair) == u32::try_from(number).ok());
        pairs.map(|pair| run.plan.snapshot(pair))
    };
    match run.metadata(&place.key, IndexMetadata::parse).await {
        Err(trouble) => {
            run.found(trouble.found(place).of_index(index).hurting(shared()));
            Facts {
                effect: Some(trouble.effect()),
                ..Facts::by_root()
            }
        }
        Ok(metadata) => {
            let mut facts = Facts {
                effect: None,
                shards: Some(metadata.shards),
                created: metadata.created,
                mounted: metadata.mounted.clone().map(Box::new),
                source_only: metadata.is_source_only(),
            };
            let wrong = judge(run, snapshots, (snapshot, index), &metadata);
            facts.effect = match wrong {
                Some(Wrong::Blob(expected, actual)) => {
                    let what = format!("is the metadata of {actual}, not of {expected}");
                    let kind = Kind::MetadataContradiction;
                    let found = Found::new(Severity::Error, kind, place.clone(), &what);
                    let found = found.differs(expected, actual);
                    run.found(found.of_index(index).hurting(shared()));
                    Some(Effect::Lost(kind))
                }
                Some(Wrong::Root(expected, actual)) => {
                    let what = format!("the identifier of {} differs from what the blob says", place.blob);
                    let kind = Kind::RootMismatch;
                    let found = Found::new(Severity::Warning, kind, run.root_place(), &what);
                    run.found(found.differs(expected, actual).of_index(index).hurting(shared()));
                    None
                }
                None => None,
            };
            if facts.source_only && facts.effect.is_none() {
                let kind = Kind::Unsupported;
                let what = "is that of a source-only index, which is not supported: a restore gives only what can be \
                            indexed anew";
                let found = Found::new(Severity::Warning, kind, place, what);
                run.found(found.of_index(index).hurting(shared()));
                facts.effect = Some(Effect::Unknown(kind));
            }
            facts
        }
    }
}

/// Which side is wrong, with what was expected of it and what it says.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// The blob is that of another index, or of another state of it.
    Blob(String, String),
    /// The root's identifier, which only chooses the blob.
    Root(String, String),
}

fn judge(
    run: &Run,
    snapshots: &[snapshots::Facts],
    (snapshot, index): (u32, u32),
    metadata: &IndexMetadata,
) -> Option<Wrong> {
    let root = &run.repository.root;
    let name = root.indices.get(index as usize).map_or("", |index| &index.name);
    if metadata.name != name {
        // Where the snapshot itself has the blob's name for the index, it is the root that is wrong, which was said.
        let facts = run
            .plan
            .snapshots
            .binary_search(&snapshot)
            .ok()
            .and_then(|at| snapshots.get(at));
        let by_root = facts.is_some_and(|facts| facts.lost_indices.contains(&metadata.name));
        return (!by_root).then(|| Wrong::Blob(name.to_owned(), metadata.name.clone()));
    }
    let (_, written) = root.metadata_of(snapshot, index)?;
    let (written, own) = (written?, metadata.identifier()?);
    if written == own {
        return None;
    }
    let another = root.metadata.iter().any(|(identifier, _)| **identifier == *own);
    Some(if another {
        Wrong::Blob(written.to_owned(), own)
    } else {
        Wrong::Root(own, written.to_owned())
    })
}
