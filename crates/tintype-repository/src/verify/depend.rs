//! Indices that are mounted from snapshots: what they say follows from what is known of those.

use super::findings::Found;
use super::outcome::{Effect, Outcome};
use super::plan::Plan;
use super::run::Run;
use super::shard::{self, Context};
use super::verdict::Verdict;
use super::{indices, snapshots};
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::index::Mounted;
use crate::format::root::Root;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is mounted and was not asked for, looked at for the sake of what mounts it.
pub(super) struct Beside {
    context: Arc<Context>,
    outcomes: Vec<Outcome>,
}

impl Beside {
    /// Looks at it. `None`: there is nothing of the kind.
    pub async fn read(context: &Context, mounts: &[Mount]) -> Option<Self> {
        let run = &context.run;
        let wanted = mounts.iter().filter_map(|mount| match mount.target {
            Target::Held { snapshot, index, .. } => Some((index, snapshot)),
            Target::Other(..) => None,
        });
        let wanted = wanted.filter(|(index, snapshot)| run.plan.pair(*snapshot, *index).is_none());
        let wanted: BTreeSet<(u32, u32)> = wanted.collect();
        if wanted.is_empty() {
            return None;
        }
        let plan = Plan::of_pairs(&run.repository, run.options.level, &wanted);
        let run = Arc::new(run.with_plan(plan));
        let snapshots = Arc::new(match run.estimate {
            Some(_) => vec![snapshots::Facts::by_root(); run.plan.snapshots.len()],
            None => snapshots::read(&run).await,
        });
        let metadata = Arc::new(indices::read(&run, &snapshots).await);
        let context = Arc::new(Context::new(run, snapshots, metadata));
        shard::read(context.clone()).await;
        let outcomes = context.run.outcomes.take();
        Some(Self { context, outcomes })
    }
}

/// A pair that is mounted.
pub(super) struct Mount {
    pair: u32,
    index: u32,
    target: Target,
}

/// All pairs that are mounted.
pub(super) fn mounts(context: &Context) -> Vec<Mount> {
    let run = &context.run;
    let planned = run.plan.indices.iter();
    let pairs = planned.flat_map(|planned| planned.pairs.clone().map(|pair| (pair, planned.index)));
    let mounts = pairs.filter_map(|(pair, index)| {
        let mounted = context.metadata_of(pair)?.mounted.as_deref()?;
        let target = target(run, mounted);
        Some(Mount { pair, index, target })
    });
    mounts.collect()
}

/// Settles all pairs that are mounted.
pub(super) fn settle(
    context: &Context,
    mounts: Vec<Mount>,
    beside: Option<&Beside>,
    outcomes: &mut [Outcome],
) {
    let run = &context.run;
    for Mount { pair, index, target } in mounts {
        let (effect, what) = match target {
            Target::Held {
                snapshot,
                index,
                name,
            } => {
                let known = match run.plan.pair(snapshot, index) {
                    Some(target) => outcomes
                        .get(target as usize)
                        .map(|known| (context, target, *known)),
                    None => beside.and_then(|beside| {
                        let target = beside.context.run.plan.pair(snapshot, index)?;
                        let known = beside.outcomes.get(target as usize)?;
                        Some((&*beside.context, target, *known))
                    }),
                };
                match known {
                    None => (
                        Effect::Unknown(Kind::Dependency),
                        format!("is mounted from snapshot {name}, which was not looked at"),
                    ),
                    Some((of, target, _)) if is_mounted(of, target) => (
                        Effect::Unknown(Kind::Unsupported),
                        format!("is mounted from snapshot {name}, whose index is itself mounted"),
                    ),
                    Some((of, target, known)) => match verdict_of(of, target, &known) {
                        Verdict::Restorable | Verdict::InPart => {
                            if let Some(outcome) = outcomes.get_mut(pair as usize) {
                                outcome.checked(known.level, known.oldest);
                                outcome.documents = known.documents;
                            }
                            continue;
                        }
                        Verdict::NotRestorable => (
                            Effect::Lost(Kind::Dependency),
                            format!("is mounted from snapshot {name}, which is not restorable"),
                        ),
                        Verdict::Unknown => (
                            Effect::Unknown(Kind::Dependency),
                            format!("is mounted from snapshot {name}, of which not enough is known"),
                        ),
                    },
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

fn is_mounted(context: &Context, pair: u32) -> bool {
    context
        .metadata_of(pair)
        .is_some_and(|facts| facts.mounted.is_some())
}

enum Target {
    /// A snapshot of this repository that holds the index (positions in the root), and its name.
    Held {
        snapshot: u32,
        index: u32,
        name: String,
    },
    Other(Effect, String),
}

fn target(run: &Run, mounted: &Mounted) -> Target {
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
        Some(index) => Target::Held {
            snapshot,
            index,
            name: name.to_owned(),
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
