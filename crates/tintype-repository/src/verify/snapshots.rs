//! L1 of the snapshots: `snap-{uuid}.dat` against the root, and `meta-{uuid}.dat`.

use super::differences::{differences, words};
use super::findings::{Found, Place};
use super::outcome::Effect;
use super::pool;
use super::run::Run;
use super::verdict::Verdict;
use crate::Level;
use crate::finding::{Kind, Severity};
use crate::format::root::Root;
use crate::format::snapshot::Snapshot;
use crate::format::version::EngineVersion;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is kept of a snapshot's own blobs.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// What makes the whole snapshot not restorable or unknown.
    pub effect: Option<Effect>,
    /// The state in the engine's word, where it was read.
    pub state: Option<&'static str>,
    /// Shards (index and number) that the engine could not write, sorted.
    pub failures: Vec<(u32, u32)>,
    /// The files lie in a remote store, v1.
    pub shallow: bool,
    /// The same, v2: there are no shard files at all.
    pub pinned: bool,
    pub started: Option<i64>,
    /// The engine that wrote it.
    pub version: Option<EngineVersion>,
    /// The global state's own verdict.
    pub global: Verdict,
    /// What it holds by its own word and not by the root's.
    pub lost_indices: Vec<String>,
    /// Its own blob was read and decoded.
    pub read: bool,
    /// Its data streams, where a damaged global state keeps them from being restored.
    pub data_streams: Vec<String>,
    /// The cluster that took it, where the root's `cluster_id` is that but for one letter.
    near_cluster: Option<String>,
    /// Its name by its own blob, where the root has another.
    pub name: Option<String>,
}

impl Default for Facts {
    /// Of a snapshot that was not looked at.
    fn default() -> Self {
        Self {
            effect: Some(Effect::Unknown(Kind::BlobUnreadable)),
            state: None,
            failures: Vec::new(),
            shallow: false,
            pinned: false,
            started: None,
            version: None,
            global: Verdict::Unknown,
            lost_indices: Vec::new(),
            read: false,
            data_streams: Vec::new(),
            near_cluster: None,
            name: None,
        }
    }
}

impl Facts {
    /// Of a snapshot of which only the root is looked at.
    pub fn by_root() -> Self {
        Self {
            effect: None,
            global: Verdict::Restorable,
            ..Self::default()
        }
    }

    /// Whether the engine could not write the shard.
    pub fn failed(&self, index: u32, shard: u32) -> bool {
        self.failures.binary_search(&(index, shard)).is_ok()
    }
}

/// Reads the blobs of all planned snapshots; in the plan's order.
pub(super) async fn read(run: &Arc<Run>) -> Vec<Facts> {
    let count = run.plan.snapshots.len();
    if run.options.level == Level::Root {
        return vec![Facts::by_root(); count];
    }
    let known = Arc::new(Known::of(&run.repository.root));
    let own = run.clone();
    let all = pool::each(run.threads(), count, run.stop(), move |number| {
        let (run, known) = (own.clone(), known.clone());
        async move {
            let snapshot = run.plan.snapshots.get(number).copied().unwrap_or_default();
            let mut facts = own_blob(&run, snapshot, &known).await;
            global(&run, snapshot, &mut facts).await;
            facts
        }
    })
    .await;
    cluster(run, &all);
    all
}

/// Two clusters' uuids are never so alike: the root has no checksum, and one letter of it is damaged.
fn cluster(run: &Run, all: &[Facts]) {
    let near = all.iter().find_map(|facts| facts.near_cluster.as_deref());
    let written = run.repository.root.cluster_id.as_deref();
    if let (Some(near), Some(written)) = (near, written) {
        let what = "cluster_id differs in one letter from that of a cluster that took a snapshot";
        let found = Found::new(Severity::Warning, Kind::RootMismatch, run.root_place(), what);
        run.found(found.differs(near, written));
    }
}

fn is_near(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).filter(|(a, b)| a != b);
    a.len() == b.len() && differences.count() == 1
}

/// What the root says of indices, by their names and by the snapshots that hold them.
struct Known {
    positions: HashMap<String, u32>,
    held: Vec<Vec<u32>>,
}

impl Known {
    fn of(root: &Root) -> Self {
        let names = root.indices.iter().map(|index| index.name.to_string());
        Self {
            positions: names.zip(0..).collect(),
            held: root.indices_by_snapshot(),
        }
    }
}

async fn own_blob(run: &Run, snapshot: u32, known_indices: &Known) -> Facts {
    let place = run.place(format!("snap-{}.dat", run.repository.snapshot_uuid(snapshot)));
    let info = match run.metadata(&place.key, Snapshot::parse).await {
        Ok(info) => info,
        Err(trouble) => {
            run.found(trouble.found(place).hurting([snapshot]));
            return Facts {
                effect: Some(trouble.effect()),
                ..Facts::by_root()
            };
        }
    };
    let root = &run.repository.root;
    let Some(known) = root.snapshots.get(snapshot as usize) else {
        return Facts::default();
    };
    if info.uuid != *known.uuid {
        let what = "is the blob of another snapshot";
        let found = Found::new(Severity::Error, Kind::MetadataContradiction, place, what);
        run.found(found.differs(&known.uuid, &info.uuid).hurting([snapshot]));
        return Facts {
            effect: Some(Effect::Lost(Kind::MetadataContradiction)),
            ..Facts::by_root()
        };
    }
    for difference in differences(known, &info) {
        let found = Found::new(
            Severity::Warning,
            Kind::RootMismatch,
            run.root_place(),
            &difference.0,
        );
        run.found(found.differs(&difference.1, &difference.2).hurting([snapshot]));
    }
    let mut facts = facts(&info, &known_indices.positions);
    if run.options.indices.is_empty() {
        facts.data_streams.clone_from(&info.data_streams);
    }
    facts.name = (info.name != *known.name).then(|| info.name.clone());
    facts.lost_indices = indices(run, snapshot, &info, known_indices);
    state(run, snapshot, &info, place, &mut facts);
    facts
}

/// Compares the indices that the blob names with those that the root gives the snapshot. Gives back those that the root
/// lacks.
fn indices(run: &Run, snapshot: u32, info: &Snapshot, known: &Known) -> Vec<String> {
    let positions = &known.positions;
    let root = &run.repository.root;
    let named: HashSet<u32> = info
        .indices
        .iter()
        .filter_map(|name| positions.get(name).copied())
        .collect();
    let mut lost = Vec::new();
    for name in &info.indices {
        let held = positions
            .get(name)
            .and_then(|position| root.indices.get(*position as usize));
        if held.is_some_and(|index| index.snapshots.binary_search(&snapshot).is_ok()) {
            continue;
        }
        let what = format!(
            "does not give snapshot {} the index {name}, which snap-{}.dat names",
            info.name, info.uuid
        );
        let found = Found::new(Severity::Error, Kind::RootMismatch, run.root_place(), &what);
        run.found(found.hurting([snapshot]));
        if super::select::index(&run.options, name) {
            lost.push(name.clone());
        }
    }
    let held = known.held.get(snapshot as usize).into_iter().flatten().copied();
    for position in held.filter(|position| !named.contains(position)) {
        let index = root
            .indices
            .get(position as usize)
            .map_or("", |index| &index.name);
        let what = format!(
            "gives snapshot {} the index {index}, which snap-{}.dat does not name",
            info.name, info.uuid
        );
        let found =
            Found::new(Severity::Error, Kind::RootMismatch, run.root_place(), &what).of_index(position);
        run.found(found.hurting([snapshot]));
        if let Some(pair) = run.plan.pair(snapshot, position) {
            run.outcomes.note(pair, Effect::Lost(Kind::RootMismatch));
        }
    }
    lost
}

fn facts(info: &Snapshot, positions: &HashMap<String, u32>) -> Facts {
    let failure = |failure: &crate::format::snapshot::ShardFailure| {
        Some((*positions.get(&failure.index)?, failure.shard))
    };
    let mut failures: Vec<(u32, u32)> = info.failures.iter().filter_map(failure).collect();
    failures.sort_unstable();
    failures.dedup();
    Facts {
        failures,
        shallow: info.shallow,
        pinned: info.pinned_timestamp.is_some_and(|timestamp| timestamp > 0),
        started: info.started,
        version: info.version_id.and_then(EngineVersion::from_id),
        read: true,
        ..Facts::by_root()
    }
}

/// `RestoreService.validateSnapshotRestorable`: only SUCCESS and PARTIAL can be restored.
fn state(run: &Run, snapshot: u32, info: &Snapshot, place: Place, facts: &mut Facts) {
    facts.state = (0..=4).filter_map(words).find(|state| *state == info.state);
    facts.effect = match facts.state {
        Some("SUCCESS" | "PARTIAL") if facts.pinned => {
            let what = "is a shallow copy: its data lies in a remote store, which is not looked at";
            run.found(Found::new(Severity::Warning, Kind::OtherStore, place, what).hurting([snapshot]));
            Some(Effect::Unknown(Kind::OtherStore))
        }
        Some("SUCCESS" | "PARTIAL") => None,
        Some("IN_PROGRESS") => {
            let what = "was not finished";
            run.found(Found::new(Severity::Note, Kind::ShardNotSnapshotted, place, what).hurting([snapshot]));
            Some(Effect::Unknown(Kind::ShardNotSnapshotted))
        }
        Some(state) => {
            let reason = info
                .reason
                .as_deref()
                .map(|reason| format!(": {}", shown(reason)))
                .unwrap_or_default();
            let what = format!("the engine itself says {state}, and restores no such snapshot{reason}");
            run.found(
                Found::new(Severity::Note, Kind::ShardNotSnapshotted, place, &what).hurting([snapshot]),
            );
            Some(Effect::Lost(Kind::ShardNotSnapshotted))
        }
        None => {
            let what = format!("has an unknown state: {}", shown(&info.state));
            run.found(Found::new(Severity::Warning, Kind::Unsupported, place, &what).hurting([snapshot]));
            Some(Effect::Unknown(Kind::Unsupported))
        }
    };
}

fn shown(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The global state is read only by a restore that asks for it, or for data streams, which stand in it
/// (`RestoreService.getDataStreamsToRestore` of Elasticsearch 7.10).
async fn global(run: &Run, snapshot: u32, facts: &mut Facts) {
    let place = run.place(format!("meta-{}.dat", run.repository.snapshot_uuid(snapshot)));
    let streams = std::mem::take(&mut facts.data_streams);
    let trouble = match run.metadata(&place.key, crate::format::global::check).await {
        Ok(read) => {
            let written = run.repository.root.cluster_id.as_deref();
            facts.near_cluster = read
                .cluster_uuid
                .filter(|own| written.is_some_and(|written| is_near(own, written)));
            facts.global = Verdict::Restorable;
            return;
        }
        Err(trouble) => trouble,
    };
    let found = match facts.effect.is_none() && !streams.is_empty() {
        true => trouble.found(place),
        false => trouble.warning(place),
    };
    run.found(found.hurting([snapshot]));
    facts.data_streams = streams;
    facts.global = match trouble.effect() {
        Effect::Lost(_) => Verdict::NotRestorable,
        Effect::Unknown(_) => Verdict::Unknown,
    };
}
