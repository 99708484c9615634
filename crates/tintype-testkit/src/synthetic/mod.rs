//! Repositories that no engine wrote, for measurements: as large as wanted, whole in every respect that a reader checks.

mod lucene;

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use tintype_repository::format::{
    file::FileInfo,
    index::IndexMetadata,
    root::{Root, RootIndex, RootSnapshot},
    snapshot::Snapshot,
    testing::{self, Packing, uuid},
};

use lucene::Segment;

/// One file on disk may have so many names; file systems allow 65,000.
const LINKS: u32 = 10_000;
const CREATED: i64 = 8_100_499;
const VERSION: &str = "8.10.4";

/// How large a repository is: one snapshot of all indices. Each shard has two blobs for each segment, and two of metadata.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// How many indices.
    pub indices: u32,
    /// How many shards each.
    pub shards: u32,
    /// How many segments in each shard; at most 35.
    pub segments: u32,
    /// About how long each segment's large file is, in bytes.
    pub segment_bytes: u64,
    /// Whether shards share their files on disk under different names, as a million small files would take gigabytes.
    pub linked: bool,
}

impl Shape {
    /// 4 GiB of data in 16 shards.
    pub const LARGE: Self = Self {
        indices: 4,
        shards: 4,
        segments: 8,
        segment_bytes: 32 << 20,
        linked: false,
    };
    /// 1,000,000 data blobs in 50,000 shards.
    pub const MANY: Self = Self {
        indices: 5_000,
        shards: 10,
        segments: 10,
        segment_bytes: 256,
        linked: true,
    };

    /// How many documents a reader finds in each index.
    pub fn documents(&self) -> u64 {
        u64::from(self.shards) * u64::from(self.segments) * u64::from(lucene::DOCUMENTS)
    }
}

/// Writes a repository into an empty or missing directory.
///
/// # Errors
/// When something cannot be written.
pub fn write(directory: &Path, shape: &Shape) -> anyhow::Result<()> {
    let mut templates = Templates::new(directory.join("templates"), shape);
    let mut root = root_of(shape);
    for number in 0..shape.indices {
        let index = index_at(directory, &root.indices[number as usize].id);
        fs::create_dir_all(&index)?;
        fs::write(
            index.join(metadata_name(&root, number)),
            metadata(&root, number, shape),
        )?;
        let mut generations = Vec::new();
        for shard in 0..shape.shards {
            let seed = u64::from(number) << 32 | u64::from(shard) << 8;
            let generation = uuid(6 << 56 | seed);
            write_shard(
                &index.join(shard.to_string()),
                &root,
                &generation,
                seed,
                &mut templates,
            )?;
            generations.push(Some(generation.into()));
        }
        root.indices[number as usize].generations = Some(generations);
    }
    templates.remove()?;
    write_base(directory, &root)
}

/// Writes a root alone, with the blobs at its side that opening looks for: see [`testing::large_root`].
///
/// # Errors
/// When something cannot be written.
pub fn write_base(directory: &Path, root: &Root) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    let indices = root.indices_by_snapshot();
    let cluster = root.cluster_id.as_deref().unwrap_or("_na_");
    for (snapshot, held) in root.snapshots.iter().zip(&indices) {
        let info = info(root, snapshot, held);
        fs::write(directory.join(format!("snap-{}.dat", snapshot.uuid)), info)?;
        let global = testing::global_metadata(Packing::Deflate, cluster);
        fs::write(directory.join(format!("meta-{}.dat", snapshot.uuid)), global)?;
    }
    fs::write(directory.join("index.latest"), 0_u64.to_be_bytes())?;
    fs::write(directory.join("index-0"), testing::root(root)).context("cannot write index-0")
}

fn index_at(directory: &Path, id: &str) -> PathBuf {
    directory.join("indices").join(id)
}

fn metadata_name(root: &Root, index: u32) -> String {
    format!("meta-{}.dat", root.metadata[index as usize].1)
}

fn root_of(shape: &Shape) -> Root {
    let mut root = testing::large_root(1, shape.indices, shape.indices);
    for snapshot in &mut root.snapshots {
        snapshot.version = Some(VERSION.into());
    }
    root
}

fn metadata(root: &Root, number: u32, shape: &Shape) -> Vec<u8> {
    let RootIndex { name, .. } = &root.indices[number as usize];
    let identifier = &root.metadata[number as usize].0;
    let index = IndexMetadata {
        name: name.to_string(),
        shards: shape.shards,
        uuid: identifier.strip_suffix("-_na_-1-1-1").map(str::to_owned),
        created: Some(CREATED),
        versions: Some([1; 3]),
        ..IndexMetadata::default()
    };
    testing::index_metadata(Packing::Deflate, &index)
}

fn info(root: &Root, snapshot: &RootSnapshot, held: &[u32]) -> Vec<u8> {
    let names = held
        .iter()
        .map(|index| root.indices[*index as usize].name.to_string());
    let info = Snapshot {
        name: snapshot.name.to_string(),
        uuid: snapshot.uuid.to_string(),
        version_id: Some(CREATED),
        indices: names.collect(),
        state: "SUCCESS".to_owned(),
        include_global_state: Some(true),
        started: snapshot.started,
        ended: snapshot.ended,
        user_metadata: snapshot
            .policy
            .as_ref()
            .map(|policy| serde_json::json!({ "policy": policy })),
        ..Snapshot::default()
    };
    testing::snapshot(Packing::Deflate, &info)
}

fn write_shard(
    directory: &Path,
    root: &Root,
    generation: &str,
    seed: u64,
    templates: &mut Templates,
) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    let blob = |number: usize| uuid(7 << 56 | seed | number as u64);
    let mut files = Vec::new();
    for (number, file) in templates.next()?.iter().enumerate() {
        let virtual_ = !file.content.is_empty() && !file.name.ends_with(".cfe");
        let name = format!("{}{}", if virtual_ { "v__" } else { "__" }, blob(number));
        if !virtual_ {
            templates.put(file, &directory.join(&name))?;
        }
        files.push(FileInfo {
            name: name.into(),
            physical_name: file.name.as_str().into(),
            length: file.length,
            checksum: file.checksum,
            part_size: None,
            written_by: "9.12.0".into(),
            hash: if virtual_ {
                file.content.clone().into()
            } else {
                Box::default()
            },
        });
    }
    let positions = (0..files.len() as u32).collect::<Vec<_>>();
    for snapshot in &root.snapshots {
        let started = snapshot.started.unwrap_or_default();
        let own = testing::shard_snapshot(Packing::Deflate, &snapshot.name, started, &files);
        fs::write(directory.join(format!("snap-{}.dat", snapshot.uuid)), own)?;
    }
    let named: Vec<_> = root
        .snapshots
        .iter()
        .map(|snapshot| (&*snapshot.name, positions.clone()))
        .collect();
    let all = testing::shard_generation(Packing::Deflate, &files, &named);
    fs::write(directory.join(format!("index-{generation}")), all)?;
    Ok(())
}

/// The files that shards are made of.
struct Templates {
    directory: PathBuf,
    segments: Vec<Segment>,
    linked: bool,
    used: u32,
    files: Vec<lucene::File>,
}

impl Templates {
    fn new(directory: PathBuf, shape: &Shape) -> Self {
        let segments = (0..shape.segments).map(|number| Segment {
            number,
            noise: shape.segment_bytes,
        });
        Self {
            directory,
            segments: segments.collect(),
            linked: shape.linked,
            used: LINKS,
            files: Vec::new(),
        }
    }

    /// The files of the next shard.
    fn next(&mut self) -> anyhow::Result<Vec<lucene::File>> {
        self.used += 1;
        if !self.linked || self.used > LINKS {
            self.used = 1;
            self.make()?;
        }
        Ok(self.files.clone())
    }

    fn make(&mut self) -> anyhow::Result<()> {
        self.remove()?;
        fs::create_dir_all(&self.directory)?;
        self.files = vec![lucene::commit(&self.segments)];
        for segment in &self.segments {
            let path = self.directory.join(format!("{}.cfs", segment.name()));
            let mut out = BufWriter::new(File::create(path)?);
            let compound = segment.compound(&mut out)?;
            out.flush()?;
            let entries = segment.entries();
            fs::write(self.directory.join(&entries.name), &entries.content)?;
            self.files.extend([segment.info(), entries, compound]);
        }
        Ok(())
    }

    fn put(&self, file: &lucene::File, to: &Path) -> anyhow::Result<()> {
        let from = self.directory.join(&file.name);
        let put = if self.linked {
            fs::hard_link(from, to)
        } else {
            fs::rename(from, to)
        };
        put.with_context(|| format!("cannot make {}", to.display()))
    }

    fn remove(&self) -> anyhow::Result<()> {
        if self.directory.exists() {
            fs::remove_dir_all(&self.directory)?;
        }
        Ok(())
    }
}
