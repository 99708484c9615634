//! Indices that are mounted from snapshots: what they say follows from what is known of those.

use super::findings::Found;
use super::outcome::{Effect, Outcome};
use super::shard::Context;
use super::verdict::Verdict;
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::index::Mounted;
use crate::format::root::Root;

/// Settles all pairs that are mounted.
pub(super) fn settle(context: &Context, outcomes: &mut [Outcome]) {
    let run = &context.run;
    let mut settled = Vec::new();
    for planned in &run.plan.indices {
        for pair in planned.pairs.clone() {
            let facts = context.metadata_of(pair);
            let Some(mounted) = facts.and_then(|facts| facts.mounted.as_deref()) else {
                continue;
            };
            let target = target(context, mounted);
            settled.push((pair, planned.index, target));
        }
    }
    for (pair, index, target) in settled {
        let (effect, what) = match target {
            Target::Pair(target) => {
                let Some(known) = outcomes.get(target as usize).copied() else {
                    continue;
                };
                match verdict_of(context, target, &known) {
                    Verdict::Restorable | Verdict::InPart => {
                        if let Some(outcome) = outcomes.get_mut(pair as usize) {
                            outcome.checked(known.level, known.oldest);
                            outcome.documents = known.documents;
                        }
                        continue;
                    }
                    Verdict::NotRestorable => (
                        Effect::Lost(Kind::Dependency),
                        "is mounted from a snapshot that is not restorable".to_owned(),
                    ),
                    Verdict::Unknown => (
                        Effect::Unknown(Kind::Dependency),
                        "is mounted from a snapshot of which not enough is known".to_owned(),
                    ),
                }
            }
            Target::Other(effect, what) => (effect, what),
        };
        let snapshot = run.plan.snapshot(pair);
        let blob = run.repository.index_metadata_id(snapshot, index);
        let place = run.place(format!(
            "indices/{}/meta-{blob}.dat",
            run.repository.index_id(index)
        ));
        let (severity, kind) = match effect {
            Effect::Lost(kind) => (Severity::Error, kind),
            Effect::Unknown(kind) => (Severity::Warning, kind),
        };
        run.found(
            Found::new(severity, kind, place, &what)
                .of_index(index)
                .hurting([snapshot]),
        );
        if let Some(outcome) = outcomes.get_mut(pair as usize) {
            outcome.note(None, effect);
        }
    }
}

enum Target {
    /// A pair that was looked at.
    Pair(u32),
    Other(Effect, String),
}

fn target(context: &Context, mounted: &Mounted) -> Target {
    let run = &context.run;
    let root = &run.repository.root;
    let name = mounted
        .snapshot
        .as_deref()
        .or(mounted.snapshot_uuid.as_deref())
        .unwrap_or("?");
    let known = |uuid: &Option<String>| uuid.clone().filter(|uuid| uuid != "_na_");
    let elsewhere = match (known(&mounted.repository_uuid), &root.uuid) {
        (Some(theirs), Some(ours)) => *theirs != **ours,
        _ => false,
    };
    let snapshot = position(root, mounted).filter(|_| !elsewhere);
    let Some(snapshot) = snapshot else {
        let same = known(&mounted.repository_uuid).is_some() && root.uuid.is_some() && !elsewhere;
        return if same {
            let what = format!("is mounted from snapshot {name}, which is not in this repository any more");
            Target::Other(Effect::Lost(Kind::Dependency), what)
        } else {
            let repository = mounted.repository.as_deref().unwrap_or("?");
            let what =
                format!("is mounted from snapshot {name} of repository {repository}, which is not looked at");
            Target::Other(Effect::Unknown(Kind::OtherStore), what)
        };
    };
    let is_it = |index: &crate::format::root::RootIndex| match &mounted.index_id {
        Some(id) => **id == *index.id,
        None => mounted.index.as_deref() == Some(&*index.name),
    };
    let index = root
        .indices
        .iter()
        .position(is_it)
        .and_then(|index| u32::try_from(index).ok());
    let holds = |index: u32| {
        let held = root.indices.get(index as usize);
        held.is_some_and(|held| held.snapshots.binary_search(&snapshot).is_ok())
    };
    match index.filter(|index| holds(*index)) {
        None => {
            let what = format!("is mounted from an index that snapshot {name} does not hold");
            Target::Other(Effect::Lost(Kind::Dependency), what)
        }
        Some(index) => match run.plan.pair(snapshot, index) {
            Some(pair)
                if context
                    .metadata_of(pair)
                    .is_some_and(|facts| facts.mounted.is_some()) =>
            {
                let what = format!("is mounted from snapshot {name}, whose index is itself mounted");
                Target::Other(Effect::Unknown(Kind::Unsupported), what)
            }
            Some(pair) => Target::Pair(pair),
            None => {
                let what = format!("is mounted from snapshot {name}, which was not looked at");
                Target::Other(Effect::Unknown(Kind::Dependency), what)
            }
        },
    }
}

fn position(root: &Root, mounted: &Mounted) -> Option<u32> {
    let is_it = |snapshot: &crate::format::root::RootSnapshot| match &mounted.snapshot_uuid {
        Some(uuid) => **uuid == *snapshot.uuid,
        None => mounted.snapshot.as_deref() == Some(&*snapshot.name),
    };
    let found = root.snapshots.iter().position(is_it)?;
    u32::try_from(found).ok()
}

/// Of the snapshot itself only its data is needed: a mount does not read its own blob again.
fn verdict_of(context: &Context, pair: u32, outcome: &Outcome) -> Verdict {
    let run = &context.run;
    let mut all = *outcome;
    if let Some(effect) = context.metadata_of(pair).and_then(|facts| facts.effect) {
        all.note(None, effect);
    }
    let snapshot = run.plan.snapshot(pair);
    let facts = context.snapshot(snapshot);
    // Where the engine has no data or it lies elsewhere, no shard was looked at.
    match facts.and_then(|facts| facts.effect) {
        Some(effect @ (Effect::Lost(kind) | Effect::Unknown(kind)))
            if matches!(kind, Kind::ShardNotSnapshotted | Kind::OtherStore) =>
        {
            all.note(None, effect);
        }
        _ => {}
    }
    if run.options.level > Level::Root && all.shards < context.shards_of(run.plan.index(pair), pair) {
        all.note(None, Effect::Unknown(Kind::BlobUnreadable));
    }
    all.verdict().0
}
