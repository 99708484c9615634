//! What each snapshot says of itself, from the root and its `snap-*.dat`.

use super::{Survey, Unreadable};
use crate::format::root::RootSnapshot;
use crate::format::snapshot::Snapshot;
use crate::format::version::EngineVersion;
use crate::repository::{is_finished, lies_elsewhere};
use serde::Serialize;
use std::sync::atomic::Ordering::Relaxed;

/// A snapshot in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The engine's word: `SUCCESS`, `PARTIAL`, …; `UNKNOWN` when neither the root nor the snapshot says.
    pub state: String,
    /// When the engine began it, in ms since 1970.
    pub started: Option<i64>,
    /// When it ended, in ms since 1970.
    pub ended: Option<i64>,
    /// The writing engine, such as `OpenSearch 2.19.0`.
    pub engine: Option<String>,
    /// The SLM policy that took it, where the root says so.
    pub policy: Option<String>,
}

impl Identity {
    /// From the root, and the snapshot's own blob where it could be read.
    pub(super) fn of(root: &RootSnapshot, own: Option<&Snapshot>) -> Self {
        let state = own.map(|own| own.state.clone()).filter(|state| !state.is_empty());
        let known = |ms: i64| (ms > 0).then_some(ms);
        // An empty one is written where no policy took it.
        let named = root.policy.as_deref().filter(|policy| !policy.is_empty());
        Self {
            name: root.name.to_string(),
            uuid: root.uuid.to_string(),
            state: state.unwrap_or_else(|| state_word(root.state).to_owned()),
            started: own.and_then(|own| own.started).or(root.started).and_then(known),
            ended: own.and_then(|own| own.ended).or(root.ended).and_then(known),
            engine: engine(root, own).map(|version| version.to_string()),
            policy: named.map(str::to_owned),
        }
    }
}

/// The writing engine: by the snapshot's own word, else by the root's.
pub(super) fn engine(root: &RootSnapshot, own: Option<&Snapshot>) -> Option<EngineVersion> {
    let own = own.and_then(|own| own.version_id);
    let by_id = own
        .or(root.index_version.map(i64::from))
        .and_then(EngineVersion::from_id);
    by_id.or_else(|| EngineVersion::from_text(root.version.as_deref()?))
}

/// The root's number in words: `SnapshotState` of every engine.
fn state_word(state: Option<u8>) -> &'static str {
    match state {
        Some(0) => "IN_PROGRESS",
        Some(1) => "SUCCESS",
        Some(2) => "FAILED",
        Some(3) => "PARTIAL",
        Some(4) => "INCOMPATIBLE",
        _ => "UNKNOWN",
    }
}

/// A snapshot with what its own blob counts.
#[derive(Debug, Default)]
pub(super) struct Info {
    pub identity: Identity,
    pub total_shards: u32,
    pub failures: u32,
    /// OpenSearch's shallow copy: the data lies in another store.
    pub elsewhere: bool,
    /// How many shards must be in the repository at least, by the engine's word; 0 when it says nothing of use.
    written: u32,
}

impl Info {
    /// Why figures are too low when no more than so many of its shards are in the repository; `None`: they are not.
    pub(super) fn lacks(&self, present: u32) -> Option<String> {
        let missing = self.written.checked_sub(present).filter(|missing| *missing > 0)?;
        Some(format!(
            "snapshot {}: {missing} of the {} shards that the engine wrote are not there",
            self.identity.name, self.written
        ))
    }
}

/// How many shards of each snapshot are in the repository, by the snapshot's position in the root.
pub(super) struct Counted<'a> {
    infos: &'a [Info],
    counts: Vec<u32>,
}

impl<'a> Counted<'a> {
    pub(super) fn of(infos: &'a [Info]) -> Self {
        let counts = vec![0; infos.len()];
        Self { infos, counts }
    }

    /// Counts a shard that these snapshots have.
    pub(super) fn add(&mut self, snapshots: &[u32]) {
        self.each(snapshots, |count| *count = count.saturating_add(1));
    }

    /// Of what these snapshots lack nothing is known.
    fn unknown(&mut self, snapshots: &[u32]) {
        self.each(snapshots, |count| *count = u32::MAX);
    }

    fn each(&mut self, snapshots: &[u32], change: impl Fn(&mut u32)) {
        for snapshot in snapshots {
            if let Some(count) = self.counts.get_mut(*snapshot as usize) {
                change(count);
            }
        }
    }
}

impl Survey {
    /// Tells of the snapshots that lack shards, once all were looked at.
    pub(super) fn tell_lacking(&self, counted: &Counted<'_>, unreadable: &mut Unreadable) {
        if self.progress.stop.load(Relaxed) {
            return;
        }
        let each = counted.infos.iter().zip(&counted.counts);
        for lacking in each.filter_map(|(info, count)| info.lacks(*count)) {
            unreadable.push(lacking);
        }
    }

    /// Takes in the indices of which no shard was looked at.
    pub(super) fn uncounted(&self, indices: &[u32], counted: &mut Counted<'_>) {
        for index in indices {
            if let Some(index) = self.repository.root.indices.get(*index as usize) {
                counted.unknown(&index.snapshots);
            }
        }
    }

    /// Every snapshot's info, by its position in the root.
    pub(super) async fn infos(&self, unreadable: &mut Unreadable) -> Vec<Info> {
        let mut infos: Vec<Info> = self.repository.root.snapshots.iter().map(bare).collect();
        let all = 0..u32::try_from(infos.len()).unwrap_or(u32::MAX);
        self.each(
            all,
            |repository, snapshot| async move {
                let own = repository.snapshot(snapshot).await;
                let own = own.map_err(|error| error.to_string());
                let root = repository.root.snapshots.get(snapshot as usize);
                (snapshot, root.map(|root| own.map(|own| whole(root, &own))))
            },
            |(snapshot, info)| match (info, infos.get_mut(snapshot as usize)) {
                (Some(Ok(info)), Some(place)) => *place = info,
                (Some(Err(why)), _) => unreadable.push(why),
                _ => {}
            },
        )
        .await;
        infos
    }
}

fn bare(root: &RootSnapshot) -> Info {
    Info {
        identity: Identity::of(root, None),
        ..Info::default()
    }
}

fn whole(root: &RootSnapshot, own: &Snapshot) -> Info {
    let failures = u32::try_from(own.failures.len()).unwrap_or(u32::MAX);
    let elsewhere = lies_elsewhere(own);
    let counts = is_finished(own) && !elsewhere;
    Info {
        identity: Identity::of(root, Some(own)),
        total_shards: own.total_shards,
        failures,
        elsewhere,
        written: if counts {
            own.total_shards.saturating_sub(failures)
        } else {
            0
        },
    }
}
