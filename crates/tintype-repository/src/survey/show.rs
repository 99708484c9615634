//! One snapshot: what it says of itself, and each of its indices.

use super::info::{Identity, engine};
use super::mapping::fields;
use super::{About, Survey, SurveyError, Unreadable, documents, sum, sum_known};
use crate::format::index::{IndexMetadata, Mounted};
use crate::format::shard::ShardSnapshot;
use crate::format::snapshot::Snapshot;
use crate::format::version::{EngineVersion, restorers};
use crate::repository::{BlobError, Lacks, Repository, lies_elsewhere};
use crate::source::Cause;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The schema's name and version.
pub const SCHEMA: &str = "tintype.show/1";

/// One snapshot, whole.
#[derive(Debug, Clone, Serialize)]
pub struct Show {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// Which snapshot.
    pub snapshot: Identity,
    /// Why it failed, in the engine's words.
    pub reason: Option<String>,
    /// Whether it holds global state, where it says so.
    pub global_state: Option<bool>,
    /// The names of its data streams.
    pub data_streams: Vec<String>,
    /// The user's metadata.
    pub metadata: Option<Value>,
    /// How many shards the engine counted; clones of OpenSearch say 0.
    pub shards_total: u32,
    /// The shards that the engine failed to write.
    pub failures: Vec<Failure>,
    /// Its data, or a part of it, lies in another store.
    pub other_store: bool,
    /// Live documents of all indices; `None` when one's could not be told.
    pub documents: Option<u64>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes that this snapshot added when it was taken.
    pub bytes_added: u64,
    /// Its indices, by name.
    pub indices: Vec<ShownIndex>,
    /// What could not be read: figures are too low then.
    pub unreadable: Unreadable,
}

/// A shard that is not in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The index's name.
    pub index: String,
    /// The shard's number.
    pub shard: u32,
    /// The engine's words.
    pub reason: String,
}

/// An index in the snapshot.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShownIndex {
    /// Its name.
    pub name: String,
    /// Its directory under `indices/`.
    pub id: String,
    /// `index.uuid` when the snapshot was taken.
    pub uuid: Option<String>,
    /// The version that made the index, which decides what can restore it.
    pub created_by: Option<String>,
    /// Which engines can restore it, in words; empty where none is known that can, or the version that made it is not known.
    pub restored_by: Vec<String>,
    /// `index.number_of_shards`; `None` when its metadata cannot be read.
    pub shards: Option<u32>,
    /// How many of them are in the snapshot.
    pub shards_here: u32,
    /// Lucene files.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes that this snapshot added when it was taken.
    pub bytes_added: u64,
    /// Live documents, nested ones included; `None` when a shard's could not be told.
    pub documents: Option<u64>,
    /// Documents deleted, in place or softly, that still take room.
    pub deleted: u64,
    /// Segments.
    pub segments: u64,
    /// The major versions of Lucene that wrote them, sorted.
    pub lucene_majors: Vec<u8>,
    /// Fields in the mapping, sub-fields and objects included.
    pub fields: u64,
    /// The aliases' names.
    pub aliases: Vec<String>,
    /// All settings, flat.
    pub settings: Map<String, Value>,
    /// The snapshot that a searchable-snapshot index is mounted from: its data lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mounted: Option<MountedFrom>,
}

/// Where the data of a mounted index lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MountedFrom {
    /// The repository's name where it was registered.
    pub repository: Option<String>,
    /// The snapshot's name.
    pub snapshot: Option<String>,
    /// The index's name in it.
    pub index: Option<String>,
}

impl From<Mounted> for MountedFrom {
    fn from(mounted: Mounted) -> Self {
        Self {
            repository: mounted.repository,
            snapshot: mounted.snapshot,
            index: mounted.index,
        }
    }
}

impl Survey {
    /// Looks at one snapshot, by name or uuid. `indices`: only those for which it is true.
    ///
    /// # Errors
    /// There is none, or its own metadata cannot be read.
    pub async fn show(&self, snapshot: &str, indices: impl Fn(&str) -> bool) -> Result<Show, SurveyError> {
        let position = self.find(snapshot)?;
        let own = self.repository.snapshot(position).await?;
        let root = self.repository.root.snapshots.get(position as usize);
        let written = root.and_then(|root| engine(root, Some(&own)));
        let mut shown: BTreeMap<u32, ShownIndex> = BTreeMap::new();
        let mut unreadable = Unreadable::default();
        let named = |index: &u32| {
            let index = self.repository.root.indices.get(*index as usize);
            index.is_some_and(|index| indices(&index.name))
        };
        let chosen: Vec<u32> = self.indices_of(position).into_iter().filter(named).collect();
        self.each(
            chosen.iter().copied(),
            move |repository, index| async move {
                let metadata = repository.index_metadata(position, index).await;
                (index, described(&repository, index, metadata, written))
            },
            |(index, (described, trouble))| {
                trouble.into_iter().for_each(|why| unreadable.push(why));
                shown.insert(index, described);
            },
        )
        .await;
        let lacks = Lacks::of(&own);
        let mut trouble = Unreadable::default();
        let uncounted = self
            .each_shard(
                &chosen,
                &mut unreadable,
                move |repository, (index, shard)| async move {
                    let read = repository.shard_snapshot(position, index, shard).await;
                    (index, shard, read.map(|read| Part::of(&read)))
                },
                |(index, shard, part)| {
                    let Some(shown) = shown.get_mut(&index) else {
                        return;
                    };
                    match part {
                        Ok(part) => part.add_to(shown),
                        // What has no blob is told by `shards_here`; verification says whether that is right.
                        Err(BlobError::Source(error)) if error.cause == Cause::Missing => {
                            let lawful = lacks.may_lack(&shown.name, shard)
                                || shown.shards.is_some_and(|shards| shard >= shards);
                            if !lawful {
                                trouble.push(error);
                                shown.documents = None;
                            }
                        }
                        Err(error) => {
                            trouble.push(error);
                            shown.documents = None;
                        }
                    }
                },
            )
            .await;
        for index in uncounted {
            shown.entry(index).or_default().documents = None;
        }
        unreadable.merge(trouble);
        Ok(self.shown(position, own, shown.into_values().collect(), unreadable))
    }

    fn shown(
        &self,
        position: u32,
        own: Snapshot,
        mut indices: Vec<ShownIndex>,
        unreadable: Unreadable,
    ) -> Show {
        indices.sort_by(|a, b| a.name.cmp(&b.name));
        let root = self.repository.root.snapshots.get(position as usize);
        let failures = own.failures.iter().map(|failure| Failure {
            index: failure.index.clone(),
            shard: failure.shard,
            reason: failure.reason.clone(),
        });
        Show {
            about: self.about(SCHEMA),
            snapshot: root
                .map(|root| Identity::of(root, Some(&own)))
                .unwrap_or_default(),
            failures: failures.collect(),
            documents: sum_known(indices.iter().map(|index| index.documents)),
            bytes: sum(indices.iter().map(|index| index.bytes)),
            bytes_added: sum(indices.iter().map(|index| index.bytes_added)),
            indices,
            other_store: lies_elsewhere(&own),
            reason: own.reason,
            global_state: own.include_global_state,
            data_streams: own.data_streams,
            metadata: own.user_metadata,
            shards_total: own.total_shards,
            unreadable,
        }
    }
}

/// An index by its metadata, and what could not be read of it.
fn described(
    repository: &Arc<Repository>,
    index: u32,
    metadata: Result<IndexMetadata, BlobError>,
    written: Option<EngineVersion>,
) -> (ShownIndex, Option<BlobError>) {
    let root = repository.root.indices.get(index as usize);
    let mut shown = ShownIndex {
        name: root.map(|root| root.name.to_string()).unwrap_or_default(),
        id: root.map(|root| root.id.to_string()).unwrap_or_default(),
        documents: Some(0),
        ..ShownIndex::default()
    };
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(error) => return (shown, Some(error)),
    };
    shown.uuid = metadata.uuid;
    shown.created_by = metadata
        .created
        .and_then(EngineVersion::from_id)
        .map(|version| version.to_string());
    shown.restored_by = restorers(metadata.created, written, 0);
    shown.shards = Some(metadata.shards);
    shown.fields = fields(&metadata.mappings);
    shown.aliases = metadata.aliases;
    shown.settings = metadata.settings;
    shown.mounted = metadata.mounted.map(MountedFrom::from);
    (shown, None)
}

/// What a shard adds to its index.
struct Part {
    files: u64,
    bytes: u64,
    bytes_added: u64,
    structure: Option<crate::lucene::Structure>,
}

impl Part {
    fn of(read: &ShardSnapshot) -> Self {
        Self {
            files: read.files.len() as u64,
            bytes: sum(read.files.iter().map(|file| file.length)),
            bytes_added: read.new_bytes,
            structure: documents::structure(read.files.iter()),
        }
    }

    fn add_to(self, index: &mut ShownIndex) {
        index.shards_here += 1;
        index.files += self.files;
        index.bytes = index.bytes.saturating_add(self.bytes);
        index.bytes_added = index.bytes_added.saturating_add(self.bytes_added);
        let Some(structure) = self.structure else {
            index.documents = None;
            return;
        };
        let live = structure.live_documents;
        index.documents = index.documents.map(|all| all.saturating_add(live));
        let deleted = structure.deleted.saturating_add(structure.soft_deleted);
        index.deleted = index.deleted.saturating_add(deleted);
        index.segments += u64::from(structure.segments);
        if index.created_by.is_none() {
            index.restored_by = restorers(None, None, structure.created_major.unwrap_or(0));
        }
        let majors = index.lucene_majors.drain(..).chain(structure.lucene_majors);
        index.lucene_majors = majors.collect::<BTreeSet<u8>>().into_iter().collect();
    }
}
