//! Turns ids into positions, and looks for contradictions.

use super::read::{Snapshot, Written};
use super::{MAX_CONTRADICTIONS, Root, RootIndex, RootSnapshot, shape};
use crate::format::{FormatError, Problem, shown};
use std::collections::HashSet;

/// A position that is none.
const NONE: u32 = u32::MAX;

/// Collects contradictions up to the bound.
#[derive(Default)]
struct Contradictions(Vec<FormatError>);

impl Contradictions {
    fn say(&mut self, message: impl FnOnce() -> String) {
        if self.0.len() < MAX_CONTRADICTIONS {
            self.0.push(FormatError::new(Problem::Field, message()));
        }
    }

    fn unless(&mut self, fine: bool, message: impl FnOnce() -> String) {
        if !fine {
            self.say(message);
        }
    }
}

pub(super) fn resolve(mut written: Written<'_>) -> Result<Root, FormatError> {
    let mut wrong = Contradictions::default();
    let snapshots = std::mem::take(&mut written.snapshots);
    let snapshot_at = snapshot_positions(&written, &snapshots, &mut wrong)?;
    let index_at = index_positions(&written, &mut wrong);
    let metadata_at = metadata_positions(&written, &mut wrong)?;
    let ids = written.snapshot_ids.names();
    let snapshots = snapshots
        .into_iter()
        .map(|snapshot| {
            let uuid = ids.get(snapshot.id as usize).copied().unwrap_or_default();
            snapshot_shape(&snapshot, uuid, &mut wrong);
            resolved(snapshot, uuid, &index_at, &metadata_at, &mut wrong)
        })
        .collect();
    let ids = written.index_ids.names();
    let indices = std::mem::take(&mut written.indices);
    let indices = indices
        .into_iter()
        .map(|index| RootIndex {
            id: ids.get(index.id as usize).copied().unwrap_or_default().into(),
            snapshots: positions(index.snapshots, &snapshot_at),
            generations: index.generations,
            path_type: index.path_type.unwrap_or_default(),
            has_path_type: index.path_type.is_some(),
            name: index.name,
        })
        .collect();
    let identifiers = written.identifiers.names();
    let identifier = |number: u32| {
        identifiers
            .get(number as usize)
            .copied()
            .unwrap_or_default()
            .into()
    };
    let metadata = std::mem::take(&mut written.metadata);
    let mut root = Root {
        snapshots,
        indices,
        metadata: metadata
            .into_iter()
            .map(|(number, blob)| (identifier(number), blob))
            .collect(),
        min_version: written.min_version.take(),
        uuid: written.uuid.take(),
        cluster_id: written.cluster_id.take(),
        unknown: std::mem::take(&mut written.unknown),
        contradictions: Vec::new(),
    };
    indices_shape(&root, &mut wrong);
    pairs_agree(&root, &mut wrong);
    for index in &mut root.indices {
        index.snapshots.dedup();
    }
    metadata_used(&root, &mut wrong);
    members_agree(&root, &mut wrong);
    root.contradictions = wrong.0;
    Ok(root)
}

/// Where each snapshot stands, by its uuid's number. All mentioned uuids must be snapshots: engines refuse the root otherwise.
fn snapshot_positions(
    written: &Written<'_>,
    snapshots: &[Snapshot],
    wrong: &mut Contradictions,
) -> Result<Vec<u32>, FormatError> {
    let names = written.snapshot_ids.names();
    let mut at = vec![NONE; names.len()];
    for (snapshot, position) in snapshots.iter().zip(0..) {
        if let Some(slot) = at.get_mut(snapshot.id as usize) {
            wrong.unless(*slot == NONE, || {
                format!("two snapshots have the uuid of {}", shown(&snapshot.name))
            });
            *slot = position;
        }
    }
    match at.iter().zip(&names).find(|(position, _)| **position == NONE) {
        None => Ok(at),
        Some((_, uuid)) => {
            let holder = written.indices.iter().find(|index| {
                index
                    .snapshots
                    .iter()
                    .any(|id| names.get(*id as usize) == Some(uuid))
            });
            let holder = holder.map_or("", |index| &index.name);
            let message = format!(
                "the index {} is in the snapshot {}, which is not there",
                shown(holder),
                shown(uuid)
            );
            Err(FormatError::new(Problem::Field, message))
        }
    }
}

fn index_positions(written: &Written<'_>, wrong: &mut Contradictions) -> Vec<u32> {
    let mut at = vec![NONE; written.index_ids.names().len()];
    for (index, position) in written.indices.iter().zip(0..) {
        if let Some(slot) = at.get_mut(index.id as usize) {
            wrong.unless(*slot == NONE, || {
                format!("the index {} has the id of another", shown(&index.name))
            });
            *slot = position;
        }
    }
    at
}

fn metadata_positions(written: &Written<'_>, wrong: &mut Contradictions) -> Result<Vec<u32>, FormatError> {
    let names = written.identifiers.names();
    let mut at = vec![NONE; names.len()];
    let mut blobs = HashSet::new();
    for ((number, blob), position) in written.metadata.iter().zip(0..) {
        let name = names.get(*number as usize).copied().unwrap_or_default();
        let Some(slot) = at.get_mut(*number as usize) else {
            continue;
        };
        if *slot != NONE {
            let message = format!("the metadata identifier {} stands there twice", shown(name));
            return Err(FormatError::new(Problem::Field, message));
        }
        *slot = position;
        wrong.unless(shape::is_identifier(name), || {
            format!("{} is no metadata identifier", shown(name))
        });
        wrong.unless(shape::is_uuid(blob), || {
            format!("{} is no id of a metadata blob", shown(blob))
        });
        wrong.unless(blobs.insert(&**blob), || {
            format!("two identifiers have the metadata blob {}", shown(blob))
        });
    }
    Ok(at)
}

fn snapshot_shape(snapshot: &Snapshot, uuid: &str, wrong: &mut Contradictions) {
    let name = || shown(&snapshot.name);
    wrong.unless(shape::is_snapshot_name(&snapshot.name), || {
        format!("{} is no snapshot's name", name())
    });
    wrong.unless(snapshot.bare || shape::is_uuid(uuid), || {
        format!(
            "the snapshot {} has the uuid {}, which is none",
            name(),
            shown(uuid)
        )
    });
    let version = snapshot.version.as_deref();
    wrong.unless(
        snapshot.index_version.is_none() || version == Some("8.11.0"),
        || {
            format!(
                "the snapshot {} has an index version, and not 8.11.0 beside it",
                name()
            )
        },
    );
    let times = [snapshot.started, snapshot.ended];
    wrong.unless(times.iter().flatten().all(|time| *time >= -1), || {
        format!("the snapshot {} has a time that is none", name())
    });
    let ordered = match (known(snapshot.started), known(snapshot.ended)) {
        (Some(started), Some(ended)) => started <= ended,
        _ => true,
    };
    wrong.unless(ordered, || {
        format!("the snapshot {} ends before it begins", name())
    });
}

/// A time that is not known is written as −1; others below 0 are none.
fn known(time: Option<i64>) -> Option<i64> {
    time.filter(|time| *time >= 0)
}

fn resolved(
    snapshot: Snapshot,
    uuid: &str,
    index_at: &[u32],
    metadata_at: &[u32],
    wrong: &mut Contradictions,
) -> RootSnapshot {
    let place = |all: &[u32], number: u32| all.get(number as usize).copied().filter(|at| *at != NONE);
    let metadata = snapshot.lookup.map(|mut lookup| {
        lookup.retain_mut(|(index, identifier)| {
            let places = (place(index_at, *index), place(metadata_at, *identifier));
            let (Some(at), Some(metadata)) = places else {
                wrong.say(|| {
                    let what = if places.0.is_none() {
                        "an index"
                    } else {
                        "index metadata"
                    };
                    format!(
                        "the snapshot {} looks up {what} that is not there",
                        shown(&snapshot.name)
                    )
                });
                return false;
            };
            (*index, *identifier) = (at, metadata);
            true
        });
        lookup.sort_unstable();
        lookup.dedup_by_key(|entry| entry.0);
        lookup
    });
    RootSnapshot {
        name: snapshot.name,
        uuid: uuid.into(),
        state: snapshot.state,
        version: snapshot.version,
        index_version: snapshot.index_version,
        metadata,
        started: known(snapshot.started),
        ended: known(snapshot.ended),
        policy: snapshot.policy,
    }
}

fn positions(mut numbers: Vec<u32>, at: &[u32]) -> Vec<u32> {
    for number in &mut numbers {
        *number = at.get(*number as usize).copied().unwrap_or(NONE);
    }
    numbers.sort_unstable();
    numbers
}

fn indices_shape(root: &Root, wrong: &mut Contradictions) {
    let old = root
        .snapshots
        .iter()
        .any(|snapshot| snapshot.uuid == snapshot.name);
    for index in &root.indices {
        let name = || shown(&index.name);
        wrong.unless(shape::is_index_name(&index.name), || {
            format!("{} is no index's name", name())
        });
        // Before 5.0 an index's directory was its name.
        wrong.unless(shape::is_uuid(&index.id) || old && index.id == index.name, || {
            format!(
                "the index {} has the id {}, which is none",
                name(),
                shown(&index.id)
            )
        });
        let generations = index.generations.iter().flatten().flatten();
        for generation in generations.filter(|generation| !shape::is_generation(generation)) {
            wrong.say(|| {
                format!(
                    "the index {} has the shard generation {}, which is none",
                    name(),
                    shown(generation)
                )
            });
        }
        wrong.unless(index.path_type <= 2, || {
            format!(
                "the index {} has the path type {}, which is not known",
                name(),
                index.path_type
            )
        });
        wrong.unless(!index.snapshots.is_empty(), || {
            format!("the index {} is in no snapshot", name())
        });
    }
}

/// An index is in a snapshot by the index's list and by the snapshot's lookup, where it has one.
fn pairs_agree(root: &Root, wrong: &mut Contradictions) {
    let mut listed = vec![0_usize; root.snapshots.len()];
    for index in &root.indices {
        let twice = index
            .snapshots
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a == b));
        wrong.unless(!twice, || {
            format!("the index {} is twice in a snapshot", shown(&index.name))
        });
        for snapshot in &index.snapshots {
            if let Some(count) = listed.get_mut(*snapshot as usize) {
                *count += 1;
            }
        }
    }
    for ((snapshot, listed), position) in root.snapshots.iter().zip(listed).zip(0_u32..) {
        let lookup = snapshot.metadata.as_deref().unwrap_or_default();
        let holds = |index: u32| {
            let index = root.indices.get(index as usize);
            index.is_some_and(|index| index.snapshots.binary_search(&position).is_ok())
        };
        let agree = lookup.iter().all(|(index, _)| holds(*index));
        wrong.unless(agree && (lookup.is_empty() || lookup.len() == listed), || {
            let name = shown(&snapshot.name);
            format!(
                "the snapshot {name} is in the lists of {listed} indices and looks up {}, not the same",
                lookup.len()
            )
        });
    }
}

fn metadata_used(root: &Root, wrong: &mut Contradictions) {
    let mut used = vec![false; root.metadata.len()];
    for (_, metadata) in root
        .snapshots
        .iter()
        .filter_map(|snapshot| snapshot.metadata.as_ref())
        .flatten()
    {
        if let Some(used) = used.get_mut(*metadata as usize) {
            *used = true;
        }
    }
    for ((identifier, _), _) in root.metadata.iter().zip(used).filter(|(_, used)| !used) {
        wrong.say(|| format!("no snapshot has the index metadata {}", shown(identifier)));
    }
}

/// What `RepositoryData.snapshotsToXContent` writes together.
fn members_agree(root: &Root, wrong: &mut Contradictions) {
    let generations = root
        .indices
        .iter()
        .filter(|index| index.generations.is_some())
        .count();
    wrong.unless(generations == 0 || generations == root.indices.len(), || {
        "some indices have shard generations and others have none".to_owned()
    });
    let lookup = root.snapshots.iter().any(|snapshot| snapshot.metadata.is_some());
    let possible: &[&str] = match (
        root.uuid.is_some(),
        lookup || !root.metadata.is_empty(),
        generations > 0,
    ) {
        (true, ..) => &["7.12.0"],
        (false, true, _) => &["7.9.0", "7.12.0"],
        (false, false, _) => &["7.6.0", "7.9.0", "7.12.0"],
    };
    if let Some(written) = root.min_version.as_deref() {
        wrong.unless(possible.contains(&written), || {
            format!(
                "min_version is {}, where it can only be {}",
                shown(written),
                possible.join(" or ")
            )
        });
    }
    for (name, uuid) in [("uuid", &root.uuid), ("cluster_id", &root.cluster_id)] {
        wrong.unless(uuid.as_deref().is_none_or(shape::is_uuid), || {
            format!("{name} is no uuid")
        });
    }
    wrong.unless(root.uuid.is_some() == root.cluster_id.is_some(), || {
        "of uuid and cluster_id only one is there".to_owned()
    });
    wrong.unless(root.uuid.is_none() || root.min_version.is_some(), || {
        "it has a uuid and no min_version".to_owned()
    });
}
