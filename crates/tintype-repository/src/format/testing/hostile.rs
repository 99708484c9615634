//! Damaged and hostile bytes for every parser: a new parser is one line in [`PARSERS`].

use super::{
    Packing, blob, global_metadata, index_metadata, large_root, pack, root, seal, shard_generation,
    shard_snapshot, snapshot, uuid,
};
use crate::format::codec::{INDEX_METADATA, METADATA, SNAPSHOT, SNAPSHOTS};
use crate::format::file::FileInfo;
use crate::format::global;
use crate::format::index::IndexMetadata;
use crate::format::root::Root;
use crate::format::shallow::ShallowSnapshot;
use crate::format::shard::{ShardGeneration, ShardSnapshot};
use crate::format::shard_path::ShardPaths;
use crate::format::snapshot::Snapshot;
use crate::lucene::{Listed, Shard};
use serde_json::json;
use std::collections::BTreeMap;

/// Something that reads bytes of strangers.
#[derive(Clone, Copy)]
pub struct Parser {
    /// What it reads.
    pub name: &'static str,
    /// Reads; the result is of no interest, only that it comes.
    pub parse: fn(&[u8]),
    /// The codec in the envelope that it expects; `None`: it has none.
    pub codec: Option<&'static str>,
    /// Blobs that it reads well.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All parsers of blobs.
pub const PARSERS: &[Parser] = &[
    Parser {
        name: "root",
        parse: |bytes| drop(Root::parse(bytes)),
        codec: None,
        seeds: roots,
    },
    Parser {
        name: "snapshot",
        parse: |bytes| drop(Snapshot::parse(bytes)),
        codec: Some(SNAPSHOT),
        seeds: snapshots,
    },
    Parser {
        name: "index",
        parse: |bytes| drop(IndexMetadata::parse(bytes)),
        codec: Some(INDEX_METADATA),
        seeds: indices,
    },
    Parser {
        name: "global",
        parse: |bytes| drop(global::check(bytes)),
        codec: Some(METADATA),
        seeds: globals,
    },
    Parser {
        name: "shard_snapshot",
        parse: read_shard,
        codec: Some(SNAPSHOT),
        seeds: shards,
    },
    Parser {
        name: "shard_generation",
        parse: |bytes| drop(ShardGeneration::parse(bytes)),
        codec: Some(SNAPSHOTS),
        seeds: generations,
    },
    Parser {
        name: "shallow",
        parse: |bytes| drop(ShallowSnapshot::parse(bytes)),
        codec: Some(SNAPSHOT),
        seeds: shallows,
    },
    Parser {
        name: "shard_paths",
        parse: |bytes| drop(ShardPaths::parse(bytes)),
        codec: None,
        seeds: paths,
    },
];

/// What reads a shard also counts its parts, and reads the Lucene files in its metadata, their checksums corrected.
fn read_shard(bytes: &[u8]) {
    let mut files = ShardSnapshot::parse(bytes)
        .map(|shard| shard.files)
        .unwrap_or_default();
    for file in &mut files {
        let last = file.parts().saturating_sub(1);
        std::hint::black_box((file.part(0), file.part(last), file.part(u64::MAX)));
        super::reseal(&mut file.hash);
    }
    let listed = files.iter().map(|file| Listed {
        name: &file.physical_name,
        length: file.length,
        checksum: file.checksum,
        content: &file.hash,
    });
    let (mut shard, _) = Shard::open(&listed.collect::<Vec<_>>());
    let nothing = BTreeMap::new();
    std::hint::black_box((shard.needs(&nothing), shard.check(&nothing)));
}

/// Feeds a fuzzer's bytes to the parser of that name, also as the body of a blob that it would open.
///
/// # Panics
/// When there is no such parser.
pub fn feed(name: &str, bytes: &[u8]) {
    let parser = PARSERS
        .iter()
        .find(|parser| parser.name == name)
        .expect("a parser of that name");
    (parser.parse)(bytes);
    if let Some(codec) = parser.codec {
        (parser.parse)(&seal(codec, bytes));
    }
}

/// Random enough, and the same for the same seed: `splitmix64`.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// The next number below a bound; 0 when the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound.max(1) as u64) as usize
    }
}

/// Damages a blob in one to eight places. Where it has an envelope, the checksum is corrected three times of four, so that the
/// damage comes through to the parser.
pub fn mutate(random: &mut Random, blob: &[u8], other: &[u8], sealed: bool) -> Vec<u8> {
    let mut bytes = blob.to_vec();
    for _ in 0..=random.below(8) {
        damage(random, &mut bytes, other);
    }
    if sealed && random.below(4) > 0 {
        super::reseal(&mut bytes);
    }
    bytes
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    const TELLING: [u8; 12] = [0, 1, 0x7f, 0x80, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xff, b'"'];
    let at = random.below(bytes.len());
    let until = (at + 1 + random.below(40)).min(bytes.len());
    match random.below(8) {
        _ if bytes.is_empty() => bytes.push(random.number() as u8),
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = TELLING[random.below(TELLING.len())],
        3 => bytes[at] = random.number() as u8,
        4 => drop(bytes.drain(at..until)),
        5 => {
            let copy = bytes[at..until].to_vec();
            bytes.splice(at..at, copy);
        }
        6 => {
            let from = random.below(other.len());
            let part = &other[from..(from + until - at).min(other.len())];
            bytes.splice(at..until, part.iter().copied());
        }
        _ => bytes.insert(at, TELLING[random.below(TELLING.len())]),
    }
}

const PACKINGS: [Packing; 3] = [Packing::Plain, Packing::Deflate, Packing::Zstd];

fn packed(write: impl Fn(Packing) -> Vec<u8>) -> Vec<Vec<u8>> {
    PACKINGS.into_iter().map(write).collect()
}

fn roots() -> Vec<Vec<u8>> {
    let old = json!({
        "snapshots": ["old", {"name": "a", "uuid": uuid(1), "state": 1}],
        "indices": {"i": {"id": uuid(2), "snapshots": [{"name": "a", "uuid": uuid(1)}, "old"]}},
    });
    vec![
        root(&large_root(5, 3, 5)),
        root(&large_root(0, 0, 0)),
        old.to_string().into_bytes(),
    ]
}

fn snapshots() -> Vec<Vec<u8>> {
    let written = Snapshot {
        name: "nightly".to_owned(),
        uuid: uuid(1),
        state: "SUCCESS".to_owned(),
        indices: vec!["a".to_owned(), "b".to_owned()],
        user_metadata: Some(json!({"policy": "daily", "deep": [[{}]]})),
        ..Snapshot::default()
    };
    packed(|packing| snapshot(packing, &written))
}

fn indices() -> Vec<Vec<u8>> {
    let mapping = pack(
        Packing::Deflate,
        br#"{"_doc":{"properties":{"a":{"type":"keyword"}}}}"#,
    );
    let written = IndexMetadata {
        name: "logs".to_owned(),
        shards: 3,
        uuid: Some(uuid(1)),
        mappings: vec![
            super::binary(&mapping),
            json!({"_doc": {"properties": {"a": {"type": "long"}}}}),
        ],
        ..IndexMetadata::default()
    };
    packed(|packing| index_metadata(packing, &written))
}

fn globals() -> Vec<Vec<u8>> {
    packed(|packing| global_metadata(packing, &uuid(1)))
}

fn files() -> Vec<FileInfo> {
    let names = ["__a", "v__b", "__c"];
    let all = names.into_iter().zip(0_u32..).map(|(name, number)| FileInfo {
        name: name.into(),
        physical_name: format!("_{number}.cfs").into(),
        length: 40,
        checksum: number * 1_000_000_007,
        part_size: (number == 2).then_some(7),
        written_by: "9.12.2".into(),
        hash: if number == 1 {
            vec![number as u8; 40].into()
        } else {
            Box::default()
        },
    });
    all.collect()
}

fn shards() -> Vec<Vec<u8>> {
    packed(|packing| shard_snapshot(packing, "nightly", 1, &files()))
}

fn generations() -> Vec<Vec<u8>> {
    packed(|packing| shard_generation(packing, &files(), &[("nightly", vec![0, 1]), ("last", vec![2])]))
}

fn shallows() -> Vec<Vec<u8>> {
    let value = json!({
        "version": "2", "name": "nightly", "index_uuid": uuid(1), "remote_store_repository": "segments",
        "remote_store_repository_base_path": "base", "file_names": ["_0.cfs", "segments_4"],
    });
    packed(|packing| blob(SNAPSHOT, packing, &value))
}

fn paths() -> Vec<Vec<u8>> {
    let value = json!({"indexId": uuid(1), "paths": ["a00010100111100/indices/x/0"]});
    vec![value.to_string().into_bytes()]
}
