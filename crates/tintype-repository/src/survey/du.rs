//! What each snapshot costs: bytes that it alone refers to, bytes that it shares, and what deleting would free. What a
//! snapshot that could not be looked at may refer to as well is neither: it is not said that deleting others frees it.

use super::info::{Counted, Info};
use super::shard::{ShardFiles, last, list};
use super::work::{index_directory, under};
use super::{About, Survey, Unreadable};
use crate::merge::MOST;
use crate::repository::Repository;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// The schema's name and version.
pub const SCHEMA: &str = "tintype.du/1";

/// What the snapshots of a repository cost.
#[derive(Debug, Clone, Serialize)]
pub struct Du {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// Each snapshot, oldest first.
    pub snapshots: Vec<Share>,
    /// All blobs that any snapshot refers to, each once.
    pub all: Space,
    /// What deleting the snapshots before a time would free, when asked for one.
    pub older: Option<Older>,
    /// What could not be read: figures are too low then.
    pub unreadable: Unreadable,
}

/// Blobs and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Space {
    /// Data blobs; the parts of a large file are one.
    pub blobs: u64,
    /// Bytes of data.
    pub data_bytes: u64,
    /// Bytes of metadata blobs; 0 where the store cannot list.
    pub metadata_bytes: u64,
}

/// One snapshot's share.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Share {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// When the engine began it, in ms since 1970.
    pub started: Option<i64>,
    /// All that it refers to.
    pub all: Space,
    /// What only it refers to: deleting it alone frees just this.
    pub unique: Space,
    /// Bytes of data that other snapshots refer to as well.
    pub shared_bytes: u64,
    /// Its data, or a part of it, lies in another store and is not counted.
    pub other_store: bool,
}

/// What deleting all snapshots that began before a time would free.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Older {
    /// The time, in ms since 1970.
    pub before: i64,
    /// The snapshots' names, oldest first.
    pub snapshots: Vec<String>,
    /// Snapshots whose time could not be told: they are not among those.
    pub undated: Vec<String>,
    /// What only they refer to.
    pub frees: Space,
}

impl Space {
    fn add(&mut self, kind: Kind, bytes: u64) {
        match kind {
            Kind::Data => {
                self.blobs += 1;
                self.data_bytes = self.data_bytes.saturating_add(bytes);
            }
            Kind::Metadata => self.metadata_bytes = self.metadata_bytes.saturating_add(bytes),
        }
    }

    fn merge(&mut self, other: Self) {
        self.blobs += other.blobs;
        self.data_bytes = self.data_bytes.saturating_add(other.data_bytes);
        self.metadata_bytes = self.metadata_bytes.saturating_add(other.metadata_bytes);
    }

    /// Bytes of data and metadata.
    pub fn bytes(&self) -> u64 {
        self.data_bytes.saturating_add(self.metadata_bytes)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Data,
    Metadata,
}

/// Who refers to a blob, in the little that the figures need.
#[derive(Clone, Copy)]
struct Users {
    bytes: u64,
    count: u32,
    one: u32,
    all_older: bool,
}

/// What a snapshot refers to.
#[derive(Clone, Copy, Default)]
struct Part {
    all: Space,
    unique: Space,
    /// Bytes of data of which it is not known whether others refer to them.
    unsure_bytes: u64,
}

impl Part {
    fn merge(&mut self, other: Self) {
        self.all.merge(other.all);
        self.unique.merge(other.unique);
        self.unsure_bytes = self.unsure_bytes.saturating_add(other.unsure_bytes);
    }
}

/// What a part of the repository (a shard, an index's metadata) adds, by snapshot.
#[derive(Default)]
struct Tally {
    snapshots: HashMap<u32, Part>,
    all: Space,
    freed: Space,
    elsewhere: Vec<u32>,
    /// Snapshots whose blob of the shard is there.
    present: Vec<u32>,
    unreadable: Unreadable,
}

impl Tally {
    fn refer(&mut self, snapshot: u32, kind: Kind, bytes: u64) {
        self.snapshots.entry(snapshot).or_default().all.add(kind, bytes);
    }

    fn count(&mut self, kind: Kind, users: Users) {
        self.all.add(kind, users.bytes);
        if users.count == 1 {
            self.snapshots
                .entry(users.one)
                .or_default()
                .unique
                .add(kind, users.bytes);
        }
        if users.all_older {
            self.freed.add(kind, users.bytes);
        }
    }

    /// Counts data that a snapshot which was not looked at may refer to as well.
    fn count_unsure(&mut self, users: Users) {
        self.all.add(Kind::Data, users.bytes);
        if users.count == 1 {
            let part = self.snapshots.entry(users.one).or_default();
            part.unsure_bytes = part.unsure_bytes.saturating_add(users.bytes);
        }
    }
}

impl Users {
    fn new(bytes: u64) -> Self {
        Self {
            bytes,
            count: 0,
            one: 0,
            all_older: true,
        }
    }

    fn add(&mut self, snapshot: u32, older: &[bool]) {
        self.count += 1;
        self.one = snapshot;
        self.all_older &= older.get(snapshot as usize).copied().unwrap_or(false);
    }
}

impl Survey {
    /// Counts. `before` (ms since 1970) asks what deleting the snapshots that began before it would free.
    pub async fn du(&self, before: Option<i64>) -> Du {
        let mut unreadable = Unreadable::default();
        let infos = self.infos(&mut unreadable).await;
        let is_older = |info: &Info| {
            info.identity
                .started
                .zip(before)
                .is_some_and(|(at, before)| at < before)
        };
        let older: Arc<[bool]> = infos.iter().map(is_older).collect();
        let mut sum = self.root_tally(&older);
        let mut shares: Vec<Share> = infos.iter().map(share).collect();
        let indices: Vec<u32> = (0..).take(self.repository.root.indices.len()).collect();
        let mut counted = Counted::of(&infos);
        let mut take = |tally: Tally| {
            counted.add(&tally.present);
            sum.all.merge(tally.all);
            sum.freed.merge(tally.freed);
            sum.unreadable.merge(tally.unreadable);
            for (snapshot, part) in tally.snapshots {
                sum.snapshots.entry(snapshot).or_default().merge(part);
            }
            for snapshot in tally.elsewhere {
                if let Some(share) = shares.get_mut(snapshot as usize) {
                    share.other_store = true;
                }
            }
        };
        let theirs = Arc::clone(&older);
        let metadata = move |repository, index| index_tally(repository, index, Arc::clone(&theirs));
        self.each(indices.iter().copied(), metadata, &mut take).await;
        let theirs = Arc::clone(&older);
        let data = move |repository, at| shard_tally(repository, at, Arc::clone(&theirs));
        let uncounted = self.each_shard(&indices, &mut unreadable, data, &mut take).await;
        unreadable.merge(std::mem::take(&mut sum.unreadable));
        self.uncounted(&uncounted, &mut counted);
        self.tell_lacking(&counted, &mut unreadable);
        for (snapshot, part) in &sum.snapshots {
            if let Some(share) = shares.get_mut(*snapshot as usize) {
                let own = part.unique.data_bytes.saturating_add(part.unsure_bytes);
                share.all = part.all;
                share.unique = part.unique;
                share.shared_bytes = part.all.data_bytes.saturating_sub(own);
            }
        }
        shares.sort_by_key(|share| share.started);
        let older = before.map(|before| Older {
            before,
            snapshots: named(&shares, |share| share.started.is_some_and(|at| at < before)),
            undated: named(&shares, |share| share.started.is_none()),
            frees: sum.freed,
        });
        Du {
            about: self.about(SCHEMA),
            snapshots: shares,
            all: sum.all,
            older,
            unreadable,
        }
    }

    /// `snap-*.dat` and `meta-*.dat` at the base, by the listing that the repository was opened with.
    fn root_tally(&self, older: &[bool]) -> Tally {
        let mut tally = Tally::default();
        let snapshots = self.repository.root.snapshots.iter().zip(0..);
        let by_uuid: HashMap<&str, u32> = snapshots.map(|(snapshot, at)| (&*snapshot.uuid, at)).collect();
        for entry in &self.repository.base_listing {
            let name = last(&entry.key);
            let uuid = name.strip_prefix("snap-").or_else(|| name.strip_prefix("meta-"));
            let uuid = uuid.and_then(|uuid| uuid.strip_suffix(".dat"));
            let Some(snapshot) = uuid.and_then(|uuid| by_uuid.get(uuid)) else {
                continue;
            };
            let mut users = Users::new(entry.length);
            users.add(*snapshot, older);
            tally.refer(*snapshot, Kind::Metadata, entry.length);
            tally.count(Kind::Metadata, users);
        }
        tally
    }
}

fn share(info: &Info) -> Share {
    Share {
        name: info.identity.name.clone(),
        uuid: info.identity.uuid.clone(),
        started: info.identity.started,
        other_store: info.elsewhere,
        ..Share::default()
    }
}

fn named(shares: &[Share], is: impl Fn(&Share) -> bool) -> Vec<String> {
    let shares = shares.iter().filter(|share| is(share));
    shares.map(|share| share.name.clone()).collect()
}

/// `indices/{id}/meta-*.dat`: from 7.9 on snapshots share them.
async fn index_tally(repository: Arc<Repository>, index: u32, older: Arc<[bool]>) -> Tally {
    let mut tally = Tally::default();
    let Some(entry) = repository.root.indices.get(index as usize) else {
        return tally;
    };
    let directory = index_directory(&repository, &entry.id);
    let blobs = match list(&repository, &directory).await {
        Ok(blobs) => blobs.unwrap_or_default(),
        Err(why) => {
            tally.unreadable.push(why);
            return tally;
        }
    };
    let mut users: HashMap<String, Users> = blobs
        .iter()
        .map(|blob| (under(&directory, last(&blob.key)), Users::new(blob.length)))
        .collect();
    for snapshot in &entry.snapshots {
        let key = repository.index_metadata_key(*snapshot, index);
        if let Some(users) = users.get_mut(&key) {
            users.add(*snapshot, &older);
            tally.refer(*snapshot, Kind::Metadata, users.bytes);
        }
    }
    for users in users.into_values().filter(|users| users.count > 0) {
        tally.count(Kind::Metadata, users);
    }
    tally
}

/// A shard's blobs. A virtual file lies in the metadata and is no blob.
async fn shard_tally(repository: Arc<Repository>, (index, shard): (u32, u32), older: Arc<[bool]>) -> Tally {
    let (files, unreadable) = ShardFiles::read(&repository, index, shard, MOST).await;
    let mut tally = Tally {
        elsewhere: files.elsewhere.clone(),
        present: files.present.clone(),
        unreadable,
        ..Tally::default()
    };
    let mut users: Vec<Users> = files.files.iter().map(|file| Users::new(file.length)).collect();
    for held in &files.snapshots {
        let mut own = Users::new(held.metadata_bytes);
        own.add(held.snapshot, &older);
        tally.refer(held.snapshot, Kind::Metadata, held.metadata_bytes);
        tally.count(Kind::Metadata, own);
        for position in held.files.iter() {
            let at = *position as usize;
            if files.files.get(at).is_none_or(|file| file.is_virtual()) {
                continue;
            }
            if let Some(users) = users.get_mut(at) {
                users.add(held.snapshot, &older);
                tally.refer(held.snapshot, Kind::Data, users.bytes);
            }
        }
    }
    for users in users.into_iter().filter(|users| users.count > 0) {
        if files.missed.is_empty() {
            tally.count(Kind::Data, users);
        } else {
            tally.count_unsure(users);
        }
    }
    tally
}
