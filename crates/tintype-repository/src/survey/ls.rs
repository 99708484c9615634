//! Every snapshot on a line: when, by whom, how much.

use super::info::{Counted, Identity, Info};
use super::shard::{Held, ShardFiles};
use super::{About, Survey, Unreadable, documents, sum, sum_known};
use crate::format::version::opened_by;
use crate::merge::MOST;
use serde::Serialize;

/// The schema's name and version.
pub const SCHEMA: &str = "tintype.ls/1";

/// The snapshots of a repository.
#[derive(Debug, Clone, Serialize)]
pub struct Ls {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// Which engines can open the repository, in words.
    pub opened_by: Vec<String>,
    /// Each snapshot, oldest first.
    pub snapshots: Vec<Listed>,
    /// What could not be read: figures are too low then.
    pub unreadable: Unreadable,
}

/// One snapshot.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Listed {
    /// Which.
    #[serde(flatten)]
    pub snapshot: Identity,
    /// How many indices it has.
    pub indices: u32,
    /// How many shards the engine counted; clones of OpenSearch say 0.
    pub shards_total: u32,
    /// How many shards it failed to write.
    pub shards_failed: u32,
    /// How many shards lie in the repository; `None` when shards were not read.
    pub shards: Option<u32>,
    /// Live documents, nested ones included; `None` when a shard's could not be told, or shards were not read.
    pub documents: Option<u64>,
    /// Bytes of all files that a restore reads, whoever shares them; `None` when shards were not read.
    pub bytes: Option<u64>,
    /// Its data, or a part of it, lies in another store (OpenSearch's shallow copies).
    pub other_store: bool,
}

/// What a shard adds to a snapshot.
struct Part {
    snapshot: u32,
    bytes: u64,
    documents: Option<u64>,
}

/// Which snapshots have a shard, which in another store, and of which it is not known what they have.
struct Places {
    present: Vec<u32>,
    elsewhere: Vec<u32>,
    missed: Vec<u32>,
}

impl Survey {
    /// Lists the snapshots. With `shards` every shard's metadata is read too, for documents and bytes.
    pub async fn ls(&self, shards: bool) -> Ls {
        let mut unreadable = Unreadable::default();
        let infos = self.infos(&mut unreadable).await;
        let mut listed: Vec<Listed> = infos
            .iter()
            .map(|info| Listed {
                snapshot: info.identity.clone(),
                shards_total: info.total_shards,
                shards_failed: info.failures,
                shards: shards.then_some(0),
                documents: shards.then_some(0),
                bytes: shards.then_some(0),
                other_store: info.elsewhere,
                ..Listed::default()
            })
            .collect();
        for index in &self.repository.root.indices {
            for snapshot in &index.snapshots {
                if let Some(listed) = listed.get_mut(*snapshot as usize) {
                    listed.indices += 1;
                }
            }
        }
        if shards {
            self.add_shards(&infos, &mut listed, &mut unreadable).await;
        }
        // The root's order is the engine's; by time it is what people look for.
        listed.sort_by_key(|listed| listed.snapshot.started);
        Ls {
            about: self.about(SCHEMA),
            opened_by: opened_by(&self.repository.root),
            snapshots: listed,
            unreadable,
        }
    }

    async fn add_shards(&self, infos: &[Info], listed: &mut [Listed], unreadable: &mut Unreadable) {
        let all: Vec<u32> = (0..).take(self.repository.root.indices.len()).collect();
        let mut trouble = Unreadable::default();
        let mut counted = Counted::of(infos);
        let take = |(parts, files, missed): (Vec<Part>, Places, Unreadable)| {
            trouble.merge(missed);
            counted.add(&files.present);
            for part in parts {
                let Some(listed) = listed.get_mut(part.snapshot as usize) else {
                    continue;
                };
                listed.shards = listed.shards.map(|shards| shards + 1);
                listed.bytes = listed.bytes.map(|bytes| bytes.saturating_add(part.bytes));
                listed.documents = sum_known([listed.documents, part.documents].into_iter());
            }
            for snapshot in files.elsewhere {
                if let Some(listed) = listed.get_mut(snapshot as usize) {
                    listed.other_store = true;
                }
            }
            for snapshot in files.missed {
                if let Some(listed) = listed.get_mut(snapshot as usize) {
                    listed.documents = None;
                }
            }
        };
        let uncounted = self
            .each_shard(
                &all,
                unreadable,
                |repository, (index, shard)| async move {
                    let (files, missed) = ShardFiles::read(&repository, index, shard, MOST).await;
                    let parts = parts(&files);
                    let places = Places {
                        present: files.present,
                        elsewhere: files.elsewhere,
                        missed: files.missed,
                    };
                    (parts, places, missed)
                },
                take,
            )
            .await;
        unreadable.merge(trouble);
        self.uncounted(&uncounted, &mut counted);
        self.tell_lacking(&counted, unreadable);
    }
}

fn parts(files: &ShardFiles) -> Vec<Part> {
    let part = |held: &Held| Part {
        snapshot: held.snapshot,
        bytes: sum(files.of(held).map(|file| file.length)),
        documents: documents::structure(files.of(held)).map(|structure| structure.live_documents),
    };
    files.snapshots.iter().map(part).collect()
}
