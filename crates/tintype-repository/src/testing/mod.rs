//! Whole repositories for tests, written as Elasticsearch 7.17 writes them: small ones that grow by snapshots of files that
//! Lucene wrote. Those for measurements, as large as wanted, are the test kit's.

pub mod hostile;
pub mod lucene;

use crate::format::file::FileInfo;
use crate::format::index::IndexMetadata;
use crate::format::snapshot::Snapshot;
use crate::format::testing::{self, Packing, shard_generation, shard_snapshot, uuid};
use lucene::Files;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `version_id` of the engine that seems to write.
const VERSION: i64 = 7_172_999;

/// A repository on disk that grows by snapshots. Everything in it is the same for the same calls.
#[derive(Debug)]
pub struct Synthetic {
    root: PathBuf,
    seed: u64,
    generation: u64,
    snapshots: Vec<Value>,
    indices: BTreeMap<String, Index>,
    identifiers: Map<String, Value>,
    uuid: String,
}

#[derive(Debug)]
struct Index {
    id: String,
    uuid: String,
    /// Changes of its mapping, and the settings and mapping as they are.
    changes: i64,
    settings: Map<String, Value>,
    mapping: Value,
    /// `X` of the `meta-X.dat` of its present state.
    metadata: Option<String>,
    snapshots: Vec<String>,
    shards: Vec<Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    generation: Option<String>,
    files: Vec<FileInfo>,
    snapshots: Vec<(String, Vec<u32>)>,
}

impl Synthetic {
    /// An empty repository in a directory, which is made.
    pub fn new(root: &Path) -> Self {
        std::fs::create_dir_all(root).expect("a directory");
        let repository = Self {
            root: root.to_owned(),
            seed: 1,
            generation: 0,
            snapshots: Vec::new(),
            indices: BTreeMap::new(),
            identifiers: Map::new(),
            uuid: uuid(0),
        };
        repository.write_root();
        repository
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes a snapshot of indices, each with the files of its shards; gives its uuid. A file that the shard has already is
    /// not written again. `started` is in ms since 1970.
    pub fn take(&mut self, name: &str, started: i64, indices: &[(&str, &[&Files])]) -> String {
        let snapshot = self.next();
        let mut lookup = Map::new();
        for (index, shards) in indices {
            let identifier = self.write_metadata(index, shards.len());
            let id = self.indices[*index].id.clone();
            lookup.insert(id, identifier.into());
            for (shard, files) in shards.iter().enumerate() {
                self.write_shard(index, shard, (name, &snapshot, started), files);
            }
            let index = self.indices.get_mut(*index).expect("just made");
            index.snapshots.push(snapshot.clone());
        }
        let total: usize = indices.iter().map(|(_, shards)| shards.len()).sum();
        let own = Snapshot {
            name: name.to_owned(),
            uuid: snapshot.clone(),
            version_id: Some(VERSION),
            indices: indices.iter().map(|(name, _)| (*name).to_owned()).collect(),
            state: "SUCCESS".to_owned(),
            include_global_state: Some(true),
            started: Some(started),
            ended: Some(started + 1000),
            total_shards: total as u32,
            successful_shards: total as u32,
            ..Snapshot::default()
        };
        self.write(
            &format!("snap-{snapshot}.dat"),
            &testing::snapshot(Packing::Deflate, &own),
        );
        self.write(
            &format!("meta-{snapshot}.dat"),
            &testing::global_metadata(Packing::Deflate, &cluster()),
        );
        self.snapshots.push(json!({"name": name, "uuid": snapshot, "state": 1, "version": "7.17.29",
            "index_metadata_lookup": lookup, "start_time_millis": started, "end_time_millis": started + 1000}));
        self.generation += 1;
        self.write_root();
        snapshot
    }

    /// Changes an index's mapping and settings from the next snapshot on.
    pub fn change(&mut self, index: &str, settings: Value, mapping: Value) {
        let index = self
            .indices
            .get_mut(index)
            .expect("an index of a snapshot before");
        index.settings = settings.as_object().expect("an object").clone();
        index.mapping = mapping;
        index.changes += 1;
        index.metadata = None;
    }

    /// A shard's directory.
    pub fn shard(&self, index: &str, shard: usize) -> PathBuf {
        let id = &self.indices[index].id;
        self.root.join(format!("indices/{id}/{shard}"))
    }

    /// The blob that holds a Lucene file of a shard.
    pub fn blob(&self, index: &str, shard: usize, file: &str) -> PathBuf {
        let files = &self.indices[index].shards[shard].files;
        let found = files.iter().find(|info| &*info.physical_name == file);
        self.shard(index, shard)
            .join(&*found.expect("a file of the shard").name)
    }

    fn next(&mut self) -> String {
        self.seed += 1;
        uuid(self.seed)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        std::fs::write(path, bytes).expect("a file");
    }

    /// Writes the index's metadata unless its present state is there already; gives its identifier.
    fn write_metadata(&mut self, name: &str, shards: usize) -> String {
        if !self.indices.contains_key(name) {
            let index = Index {
                id: self.next(),
                uuid: self.next(),
                changes: 1,
                settings: Map::from_iter([("index.number_of_replicas".to_owned(), "1".into())]),
                mapping: json!({"_doc": {"properties": {"message": {"type": "text"}}}}),
                metadata: None,
                snapshots: Vec::new(),
                shards: Vec::new(),
            };
            self.indices.insert(name.to_owned(), index);
        }
        let fresh = self.next();
        let index = self.indices.get_mut(name).expect("just made");
        index
            .shards
            .resize_with(shards.max(index.shards.len()), Shard::default);
        let metadata = IndexMetadata {
            name: name.to_owned(),
            shards: shards as u32,
            uuid: Some(index.uuid.clone()),
            created: Some(VERSION),
            settings: index.settings.clone(),
            mappings: vec![index.mapping.clone()],
            versions: Some([index.changes, index.changes, 1]),
            ..IndexMetadata::default()
        };
        let identifier = metadata.identifier().expect("its parts");
        if index.metadata.is_some() {
            return identifier;
        }
        let path = format!("indices/{}/meta-{fresh}.dat", index.id);
        index.metadata = Some(fresh.clone());
        self.identifiers.insert(identifier.clone(), fresh.into());
        self.write(&path, &testing::index_metadata(Packing::Deflate, &metadata));
        identifier
    }

    fn write_shard(
        &mut self,
        index: &str,
        shard: usize,
        (name, snapshot, started): (&str, &str, i64),
        files: &Files,
    ) {
        let mut held = std::mem::take(&mut self.indices.get_mut(index).expect("just made").shards[shard]);
        let directory = format!("indices/{}/{shard}", self.indices[index].id);
        let mut positions = Vec::new();
        for (file, bytes) in files {
            let mut info = described(file, bytes);
            let same = |known: &FileInfo| {
                known.physical_name == info.physical_name && known.checksum == info.checksum
            };
            if let Some(known) = held.files.iter().position(same) {
                positions.push(known as u32);
                continue;
            }
            let own = self.next();
            if info.hash.is_empty() {
                info.name = format!("__{own}").into();
                self.write(&format!("{directory}/{}", info.name), bytes);
            } else {
                info.name = format!("v__{own}").into();
            }
            positions.push(held.files.len() as u32);
            held.files.push(info);
        }
        let own: Vec<FileInfo> = positions
            .iter()
            .map(|at| held.files[*at as usize].clone())
            .collect();
        self.write(
            &format!("{directory}/snap-{snapshot}.dat"),
            &shard_snapshot(Packing::Deflate, name, started, &own),
        );
        held.snapshots.push((name.to_owned(), positions));
        if let Some(old) = held.generation.take() {
            std::fs::remove_file(self.root.join(format!("{directory}/index-{old}")))
                .expect("the last generation");
        }
        let generation = self.next();
        let snapshots: Vec<(&str, Vec<u32>)> = held
            .snapshots
            .iter()
            .map(|(name, files)| (name.as_str(), files.clone()))
            .collect();
        self.write(
            &format!("{directory}/index-{generation}"),
            &shard_generation(Packing::Deflate, &held.files, &snapshots),
        );
        held.generation = Some(generation);
        self.indices.get_mut(index).expect("just made").shards[shard] = held;
    }

    /// Writes `index-N` and `index.latest`, and removes the root before.
    fn write_root(&self) {
        let indices: Map<String, Value> = self
            .indices
            .iter()
            .map(|(name, index)| {
                let generations: Vec<_> = index.shards.iter().map(|shard| &shard.generation).collect();
                let value =
                    json!({"id": index.id, "snapshots": index.snapshots, "shard_generations": generations});
                (name.clone(), value)
            })
            .collect();
        let root = json!({"min_version": "7.12.0", "uuid": self.uuid, "cluster_id": cluster(),
            "snapshots": self.snapshots, "indices": indices, "index_metadata_identifiers": self.identifiers});
        self.write(&format!("index-{}", self.generation), root.to_string().as_bytes());
        self.write("index.latest", &self.generation.to_be_bytes());
        if let Some(old) = self.generation.checked_sub(1) {
            // Where it is gone already, that is as good.
            let _ = std::fs::remove_file(self.root.join(format!("index-{old}")));
        }
    }
}

/// The uuid of the cluster that seems to write.
fn cluster() -> String {
    uuid(1 << 40)
}

/// A Lucene file as a snapshot lists it, without the blob's name: commits and segments with their whole content.
fn described(file: &str, bytes: &[u8]) -> FileInfo {
    let whole = file.starts_with("segments_") || file.ends_with(".si");
    FileInfo {
        name: "".into(),
        physical_name: file.into(),
        length: bytes.len() as u64,
        checksum: checksum(bytes),
        part_size: None,
        written_by: "8.11.3".into(),
        hash: if whole { bytes.into() } else { Box::default() },
    }
}

/// The checksum in a Lucene file's footer.
fn checksum(bytes: &[u8]) -> u32 {
    let last = bytes
        .len()
        .checked_sub(4)
        .and_then(|at| bytes[at..].try_into().ok());
    last.map_or(0, u32::from_be_bytes)
}
