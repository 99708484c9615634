//! What each snapshot says of itself, from the root and its `snap-*.dat`.

use super::{Survey, Unreadable};
use crate::format::root::RootSnapshot;
use crate::format::snapshot::Snapshot;
use crate::format::version::EngineVersion;
use serde::Serialize;

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
        Self {
            name: root.name.to_string(),
            uuid: root.uuid.to_string(),
            state: state.unwrap_or_else(|| state_word(root.state).to_owned()),
            started: own.and_then(|own| own.started).or(root.started).and_then(known),
            ended: own.and_then(|own| own.ended).or(root.ended).and_then(known),
            engine: engine(root, own).map(|version| version.to_string()),
            policy: root.policy.as_deref().map(str::to_owned),
        }
    }
}

/// The writing engine: by the snapshot's own word, else by the root's.
fn engine(root: &RootSnapshot, own: Option<&Snapshot>) -> Option<EngineVersion> {
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
}

impl Survey {
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
    Info {
        identity: Identity::of(root, Some(own)),
        total_shards: own.total_shards,
        failures: u32::try_from(own.failures.len()).unwrap_or(u32::MAX),
        elsewhere: own.shallow || own.pinned_timestamp.is_some_and(|at| at > 0),
    }
}
