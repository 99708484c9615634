//! What a repository consists of and whom each of its blobs serves: read with the parsers alone, so that what
//! verification says can be held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tintype_repository::format::root::Root;
use tintype_repository::format::shard::ShardSnapshot;
use tintype_repository::format::shard_path::PathType;
use tintype_testkit::corpus::Written;

use crate::corpora::files;

/// The classes of blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Root,
    Latest,
    Snapshot,
    GlobalState,
    IndexMetadata,
    ShardSnapshot,
    ShardGeneration,
    /// `.cfs` and `.cfe`.
    Compound,
    /// Any other Lucene file that is one blob.
    File,
    /// A blob of a file in several.
    Part,
    ShardPaths,
}

impl Class {
    pub const ALL: [Self; 11] = [
        Self::Root,
        Self::Latest,
        Self::Snapshot,
        Self::GlobalState,
        Self::IndexMetadata,
        Self::ShardSnapshot,
        Self::ShardGeneration,
        Self::Compound,
        Self::File,
        Self::Part,
        Self::ShardPaths,
    ];

    pub fn is_data(self) -> bool {
        matches!(self, Self::Compound | Self::File | Self::Part)
    }

    /// Whether its bytes carry a checksum, or the metadata a checksum of them.
    pub fn is_checksummed(self) -> bool {
        !matches!(self, Self::Root | Self::Latest | Self::ShardPaths)
    }

    /// Whether a restore without global state reads it.
    pub fn is_restored(self) -> bool {
        use Class::{IndexMetadata, Root, ShardSnapshot, Snapshot};
        self.is_data() || matches!(self, Root | Snapshot | IndexMetadata | ShardSnapshot)
    }
}

/// A blob and whom it serves.
#[derive(Debug, Clone)]
pub struct Blob {
    pub class: Class,
    /// From the store's root, as it lies there.
    pub file: PathBuf,
    /// From the base, as if no path was hashed.
    pub path: String,
    /// Of a part: its file's blob name in the same directory. Otherwise as [`Self::path`].
    pub whole: String,
    pub length: u64,
    /// Of a data blob: the Lucene file's extension.
    pub extension: String,
    /// Of one index: its name.
    pub index: Option<String>,
    pub shard: Option<u32>,
    /// Names of the snapshots that need it.
    pub snapshots: BTreeSet<String>,
}

/// Decodes the newest root of a repository.
pub fn root(written: &Written) -> (String, Root) {
    let name = newest_root(&written.path());
    let bytes = fs::read(written.path().join(&name)).unwrap();
    (name, Root::parse(&bytes).unwrap())
}

fn newest_root(base: &Path) -> String {
    let names = fs::read_dir(base)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let number = |name: &std::ffi::OsString| name.to_str()?.strip_prefix("index-")?.parse::<u64>().ok();
    let newest = names.filter_map(|name| number(&name)).max().unwrap();
    format!("index-{newest}")
}

/// All blobs that the current root needs, and no left-overs.
pub fn blobs(written: &Written) -> Vec<Blob> {
    let (root_name, root) = root(written);
    let mut found = BTreeMap::new();
    let everybody: BTreeSet<String> = root.snapshots.iter().map(|s| s.name.to_string()).collect();
    let mut add = |class, real: String, path: String, snapshots: BTreeSet<String>| {
        let file = PathBuf::from(&real);
        let Ok(metadata) = fs::metadata(written.root.join(&file)) else {
            panic!("{}: {real} is missing", written.label());
        };
        let blob = Blob {
            class,
            file,
            whole: path.clone(),
            path,
            length: metadata.len(),
            extension: String::new(),
            index: None,
            shard: None,
            snapshots,
        };
        found.insert(real, blob);
    };
    let at_base = |path: &str| join(&written.base, path);
    for (class, name) in [(Class::Root, root_name.as_str()), (Class::Latest, "index.latest")] {
        add(class, at_base(name), name.to_owned(), everybody.clone());
    }
    for snapshot in &root.snapshots {
        let alone = BTreeSet::from([snapshot.name.to_string()]);
        let (info, global) = (
            format!("snap-{}.dat", snapshot.uuid),
            format!("meta-{}.dat", snapshot.uuid),
        );
        add(Class::Snapshot, at_base(&info), info, alone.clone());
        add(Class::GlobalState, at_base(&global), global, alone);
    }
    for path in files(&written.path()) {
        let path = path.to_string_lossy().into_owned();
        if path.starts_with("snapshot_shard_paths/") {
            add(Class::ShardPaths, at_base(&path), path, everybody.clone());
        }
    }
    let mut all: Vec<Blob> = found.into_values().collect();
    for position in 0..root.indices.len() {
        all.extend(of_index(written, &root, position));
    }
    all
}

fn of_index(written: &Written, root: &Root, position: usize) -> Vec<Blob> {
    let index = &root.indices[position];
    let directory = format!("indices/{}", index.id);
    let name_of = |snapshot: &u32| root.snapshots[*snapshot as usize].name.to_string();
    let mut found: BTreeMap<String, Blob> = BTreeMap::new();
    for snapshot in &index.snapshots {
        let path = format!(
            "{directory}/meta-{}.dat",
            metadata_blob(root, *snapshot, position)
        );
        let real = join(&written.base, &path);
        let blob = found
            .entry(path.clone())
            .or_insert_with(|| index_blob(written, Class::IndexMetadata, real, path, &index.name));
        blob.snapshots.insert(name_of(snapshot));
    }
    let mut all: Vec<Blob> = found.into_values().collect();
    let path_type = PathType::from_code(index.path_type).unwrap();
    for shard in 0..tintype_testkit::corpus::content::SHARDS {
        let real = path_type.directory(&written.base, "", &index.id, shard);
        let shard = Shard {
            written,
            root,
            index: position,
            number: shard,
            real,
            path: format!("{directory}/{shard}"),
        };
        all.extend(shard.blobs());
    }
    all
}

/// The `X` of `meta-X.dat`.
fn metadata_blob(root: &Root, snapshot: u32, index: usize) -> String {
    let snapshot = &root.snapshots[snapshot as usize];
    let Some(lookup) = &snapshot.metadata else {
        return snapshot.uuid.to_string();
    };
    let found = lookup.iter().find(|(of, _)| *of as usize == index).unwrap();
    root.metadata[found.1 as usize].1.to_string()
}

fn index_blob(written: &Written, class: Class, real: String, path: String, index: &str) -> Blob {
    let file = PathBuf::from(&real);
    let metadata = fs::metadata(written.root.join(&file));
    Blob {
        class,
        length: metadata.unwrap_or_else(|error| panic!("{real}: {error}")).len(),
        file,
        whole: path.clone(),
        path,
        extension: String::new(),
        index: Some(index.to_owned()),
        shard: None,
        snapshots: BTreeSet::new(),
    }
}

struct Shard<'a> {
    written: &'a Written,
    root: &'a Root,
    index: usize,
    number: u32,
    /// From the store's root.
    real: String,
    /// From the base, as if no path was hashed.
    path: String,
}

impl Shard<'_> {
    fn blobs(&self) -> Vec<Blob> {
        let mut found: BTreeMap<String, Blob> = BTreeMap::new();
        for snapshot in &self.root.indices[self.index].snapshots {
            let snapshot = &self.root.snapshots[*snapshot as usize];
            let name = format!("snap-{}.dat", snapshot.uuid);
            let Ok(bytes) = fs::read(self.written.root.join(&self.real).join(&name)) else {
                // The shard of a PARTIAL snapshot that no node held.
                continue;
            };
            let parsed = ShardSnapshot::parse(&bytes).unwrap();
            let own = self.blob(Class::ShardSnapshot, &name, &name);
            let own = found.entry(name).or_insert(own);
            own.snapshots.insert(snapshot.name.to_string());
            for file in parsed.files.iter().filter(|file| !file.is_virtual()) {
                let extension = file.physical_name.rsplit('.').next().unwrap_or_default();
                for number in 0..file.parts() {
                    let class = match extension {
                        _ if file.parts() > 1 => Class::Part,
                        "cfs" | "cfe" => Class::Compound,
                        _ => Class::File,
                    };
                    let part = file.part(number).0.into_owned();
                    let blob = self.blob(class, &part, &file.name);
                    let blob = found.entry(part).or_insert(blob);
                    blob.extension = extension.to_owned();
                    blob.snapshots.insert(snapshot.name.to_string());
                }
            }
        }
        found.extend(self.generation());
        found.into_values().collect()
    }

    /// The current `index-{gen}`; before generations had uuids it is the one with the highest number.
    fn generation(&self) -> Option<(String, Blob)> {
        let index = &self.root.indices[self.index];
        let named = index.generations.as_ref();
        let named = named.and_then(|all| all.get(self.number as usize)?.clone());
        let name = match named {
            Some(generation) => format!("index-{generation}"),
            None => {
                let entries = fs::read_dir(self.written.root.join(&self.real)).ok()?;
                let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
                let numbers = names.filter_map(|name| name.strip_prefix("index-")?.parse::<u64>().ok());
                format!("index-{}", numbers.max()?)
            }
        };
        // `_new`: nothing was written yet.
        if !self.written.root.join(&self.real).join(&name).exists() {
            return None;
        }
        let mut blob = self.blob(Class::ShardGeneration, &name, &name);
        let snapshots = index.snapshots.iter();
        blob.snapshots = snapshots
            .map(|snapshot| self.root.snapshots[*snapshot as usize].name.to_string())
            .collect();
        Some((name, blob))
    }

    fn blob(&self, class: Class, name: &str, whole: &str) -> Blob {
        let index = &self.root.indices[self.index].name;
        let real = join(&self.real, name);
        let mut blob = index_blob(self.written, class, real, join(&self.path, name), index);
        blob.whole = join(&self.path, whole);
        blob.shard = Some(self.number);
        blob
    }
}

/// With a `/` between, unless the first is empty.
pub fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}
