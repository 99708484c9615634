//! Every parser of bytes that strangers may have written, with bytes that it reads well: tests change these, fuzzers begin with
//! them. A new parser is one entry of [`PARSERS`] and, for a fuzzer, one file in `fuzz/fuzz_targets`.

pub mod attestation;
pub mod lucene;
mod seeds;

use crate::format::codec::{Body, INDEX_METADATA, METADATA, SNAPSHOT, SNAPSHOTS, unseal};
use crate::format::index::IndexMetadata;
use crate::format::root::Root;
use crate::format::shallow::ShallowSnapshot;
use crate::format::shard::{ShardGeneration, ShardSnapshot};
use crate::format::shard_path::ShardPaths;
use crate::format::snapshot::Snapshot;
use crate::format::testing::{reseal, seal};
use crate::format::{Limits, global};
use crate::lucene::{Listed, Shard};
use std::collections::BTreeMap;

/// Something that reads bytes of strangers.
#[derive(Debug, Clone, Copy)]
pub struct Parser {
    /// What it reads.
    pub name: &'static str,
    /// Reads; whether it took the bytes.
    pub parse: fn(&[u8]) -> bool,
    /// What its bytes are.
    pub shape: Shape,
    /// Bytes that it takes.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// What a parser's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A blob without an envelope.
    Bare,
    /// A blob in the envelope of this codec.
    Sealed(&'static str),
    /// An attestation, which [`attestation::open`] takes apart and [`attestation::sign`] puts together.
    Signed,
    /// A shard as [`lucene::pack`] writes it, of whose files it reads those with this in their names.
    Lucene(&'static str),
}

/// All of them.
pub const PARSERS: &[Parser] = &[
    bare("root", |bytes| Root::parse(bytes).is_ok(), seeds::roots),
    sealed("snapshot", SNAPSHOT, snapshot, seeds::snapshots),
    sealed(
        "index",
        INDEX_METADATA,
        |bytes| IndexMetadata::parse(bytes).is_ok(),
        seeds::indices,
    ),
    sealed(
        "global",
        METADATA,
        |bytes| global::check(bytes).is_ok(),
        seeds::globals,
    ),
    sealed("shard_snapshot", SNAPSHOT, shard, seeds::shards),
    sealed(
        "shard_generation",
        SNAPSHOTS,
        |bytes| ShardGeneration::parse(bytes).is_ok(),
        seeds::generations,
    ),
    sealed(
        "shallow",
        SNAPSHOT,
        |bytes| ShallowSnapshot::parse(bytes).is_ok(),
        seeds::shallows,
    ),
    bare(
        "shard_paths",
        |bytes| ShardPaths::parse(bytes).is_ok(),
        seeds::paths,
    ),
    Parser {
        name: "attestation",
        parse: attestation::parse,
        shape: Shape::Signed,
        seeds: attestation::seeds,
    },
    of_lucene("commit", "segments_"),
    of_lucene("segment_info", ".si"),
    of_lucene("entries", ".cfe"),
    of_lucene("fields", ".fnm"),
    of_lucene("live_documents", ".liv"),
];

const fn bare(name: &'static str, parse: fn(&[u8]) -> bool, seeds: fn() -> Vec<Vec<u8>>) -> Parser {
    Parser {
        name,
        parse,
        shape: Shape::Bare,
        seeds,
    }
}

const fn sealed(
    name: &'static str,
    codec: &'static str,
    parse: fn(&[u8]) -> bool,
    seeds: fn() -> Vec<Vec<u8>>,
) -> Parser {
    Parser {
        name,
        parse,
        shape: Shape::Sealed(codec),
        seeds,
    }
}

const fn of_lucene(name: &'static str, part: &'static str) -> Parser {
    Parser {
        name,
        parse: lucene::parse,
        shape: Shape::Lucene(part),
        seeds: lucene::seeds,
    }
}

/// What lies in the place of a shallow copy has the same envelope.
fn snapshot(bytes: &[u8]) -> bool {
    Snapshot::parse(bytes).is_ok() | ShallowSnapshot::parse(bytes).is_ok()
}

/// What reads a shard also counts its parts, and reads the Lucene files in its metadata, their checksums corrected.
fn shard(bytes: &[u8]) -> bool {
    let Ok(mut shard) = ShardSnapshot::parse(bytes) else {
        return false;
    };
    for file in &mut shard.files {
        let last = file.parts().saturating_sub(1);
        std::hint::black_box((file.part(0), file.part(last), file.part(u64::MAX)));
        reseal(&mut file.hash);
    }
    let listed = shard.files.iter().map(|file| Listed {
        name: &file.physical_name,
        length: file.length,
        checksum: file.checksum,
        content: &file.hash,
    });
    let (mut opened, _) = Shard::open(&listed.collect::<Vec<_>>());
    let nothing = BTreeMap::new();
    std::hint::black_box((opened.needs(&nothing), opened.check(&nothing)));
    true
}

/// The parser of that name.
///
/// # Panics
/// When there is none.
pub fn parser(name: &str) -> &'static Parser {
    let found = PARSERS.iter().find(|parser| parser.name == name);
    found.expect("a parser of that name")
}

impl Parser {
    /// Feeds a fuzzer's bytes.
    pub fn feed(&self, bytes: &[u8]) {
        for input in self.inputs(bytes) {
            (self.parse)(&input);
        }
    }

    /// What a fuzzer's bytes are fed as: as they are, and where an envelope and its checksum would stop most of them, also
    /// within one that is right.
    fn inputs(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        match self.shape {
            Shape::Bare => vec![bytes.to_vec()],
            Shape::Sealed(codec) => vec![bytes.to_vec(), seal(codec, bytes)],
            Shape::Signed => vec![
                bytes.to_vec(),
                attestation::sign(bytes, b""),
                attestation::sign(b"{}", bytes),
            ],
            Shape::Lucene(part) => lucene::around(part, bytes),
        }
    }

    /// What a fuzzer begins with: the seeds, without the envelope that [`Self::feed`] puts around them.
    pub fn beginnings(&self) -> Vec<Vec<u8>> {
        let seeds = (self.seeds)();
        match self.shape {
            Shape::Bare => seeds,
            Shape::Sealed(codec) => seeds.iter().flat_map(|seed| bodies(codec, seed)).collect(),
            Shape::Signed => {
                let statement = seeds.first().and_then(|seed| attestation::open(seed));
                seeds
                    .into_iter()
                    .chain(statement.map(|(statement, _)| statement))
                    .collect()
            }
            Shape::Lucene(part) => lucene::beginnings(part),
        }
    }
}

/// A blob's body as it is stored, and unpacked.
fn bodies(codec: &str, blob: &[u8]) -> [Vec<u8>; 2] {
    let packed = unseal(blob, codec).expect("a seed");
    let body = Body::open(blob, codec, Limits::SHARD).expect("a seed");
    [packed.to_vec(), body.bytes().to_vec()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_parser_takes_its_seeds_and_what_a_fuzzer_makes_of_them() {
        for parser in PARSERS {
            for (number, seed) in (parser.seeds)().iter().enumerate() {
                assert!((parser.parse)(seed), "{} refuses seed {number}", parser.name);
            }
            let beginnings = parser.beginnings();
            assert!(!beginnings.is_empty(), "{}", parser.name);
            for (number, bytes) in beginnings.iter().enumerate() {
                let taken = parser.inputs(bytes).iter().any(|input| (parser.parse)(input));
                assert!(taken, "{} refuses beginning {number}", parser.name);
            }
        }
    }

    #[test]
    fn every_parser_has_its_fuzzer() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for Parser { name, .. } in PARSERS {
            let path = format!("fuzz_targets/{name}.rs");
            assert!(manifest.contains(&format!("path = {path:?}")), "{name}");
            let target = std::fs::read_to_string(fuzz.join(path)).unwrap();
            assert!(target.contains(&format!("({name:?})")), "{name}");
        }
    }
}
