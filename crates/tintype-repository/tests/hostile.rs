//! Hostile bytes: whatever a blob holds, its parser answers, in bounded memory. A panic fails the test, and so does a parser
//! that takes more than 256 MB.
//!
//! `TINTYPE_HOSTILE_SECONDS` mutates for so long per parser; without it, a few thousand times. `TINTYPE_HOSTILE_CORPUS` names
//! a directory whose blobs, written by engines, are mutated too.

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tintype_repository::format::testing::hostile::{PARSERS, Parser, Random, mutate};
use tintype_repository::format::testing::{seal, smile};

const ROUNDS: usize = 3_000;
const MOST_MEMORY: u64 = 256_000_000;

/// One test, since memory is of the whole process.
#[test]
fn no_damage_and_no_bomb_stops_a_parser() {
    mutated();
    bombed();
    memory_is_bounded();
}

fn mutated() {
    let longest = std::env::var("TINTYPE_HOSTILE_SECONDS").ok();
    let longest = longest.map(|seconds| Duration::from_secs(seconds.parse().expect("seconds")));
    for (parser, number) in PARSERS.iter().zip(0..) {
        let (seeds, begun) = (seeds(parser), Instant::now());
        let mut random = Random::new(number);
        let mut rounds = 0_usize;
        seeds.iter().for_each(|seed| (parser.parse)(seed));
        while longest.map_or(rounds < ROUNDS, |longest| begun.elapsed() < longest) {
            let (seed, other) = (random.below(seeds.len()), random.below(seeds.len()));
            let damaged = mutate(&mut random, &seeds[seed], &seeds[other], parser.codec.is_some());
            (parser.parse)(&damaged);
            rounds += 1;
        }
        println!("{}: {} seeds, {rounds} rounds", parser.name, seeds.len());
    }
}

/// Seeds of a parser: hand-made, and those of the corpus that it reads.
fn seeds(parser: &Parser) -> Vec<Vec<u8>> {
    let mut seeds = (parser.seeds)();
    if let Ok(corpus) = std::env::var("TINTYPE_HOSTILE_CORPUS") {
        collect(parser, Path::new(&corpus), &mut seeds);
    }
    seeds
}

fn collect(parser: &Parser, directory: &Path, seeds: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap_or_default());
        if path.is_dir() {
            collect(parser, &path, seeds);
        } else if is_of(parser, &path, &name) && seeds.len() < 2_000 {
            seeds.push(std::fs::read(path).unwrap());
        }
    }
}

fn is_of(parser: &Parser, path: &Path, name: &str) -> bool {
    let within = path.components().any(|part| part.as_os_str() == "indices");
    match parser.name {
        "root" => name.starts_with("index-") && !within,
        "snapshot" => name.starts_with("snap-") && !within,
        "global" => name.starts_with("meta-") && !within,
        "index" => name.starts_with("meta-") && within,
        "shard_snapshot" => name.starts_with("snap-") && within,
        "shard_generation" => name.starts_with("index-") && within,
        "shard_paths" => name.starts_with("snapshot_path_"),
        _ => false,
    }
}

/// Bodies that are small as they lie and large when they are read.
fn bombed() {
    let smile = smile(&serde_json::json!({"a": []}));
    let (head, tail) = smile.split_at(smile.len() - 2);
    let json = (&b"{\"a\":["[..], &b"1]}"[..]);
    let bodies = [
        deflated(&[], &[0], 300_000_000, &[]),
        zstandard(&[], &[0], 300_000_000, &[]),
        deflated(head, &[0x21], 60_000_000, tail),
        zstandard(head, &[0xfa, 0xfb], 30_000_000, tail),
        deflated(head, &[0xfa, 0x40, 0x21, 0xfb], 15_000_000, tail),
        zstandard(json.0, b"[],", 20_000_000, json.1),
    ];
    // The one with the highest cap, and those that keep most of what they read.
    let most = ["global", "index", "shard_generation"];
    for parser in PARSERS.iter().filter(|parser| most.contains(&parser.name)) {
        for body in &bodies {
            parser
                .codec
                .iter()
                .for_each(|codec| (parser.parse)(&seal(codec, body)));
        }
    }
}

fn write(mut to: impl Write, head: &[u8], token: &[u8], times: usize, tail: &[u8]) {
    let many = token.repeat(1000);
    to.write_all(head).unwrap();
    (0..times / 1000).for_each(|_| to.write_all(&many).unwrap());
    to.write_all(tail).unwrap();
}

fn deflated(head: &[u8], token: &[u8], times: usize, tail: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(b"DFL\0".to_vec(), flate2::Compression::fast());
    write(&mut encoder, head, token, times, tail);
    encoder.finish().unwrap()
}

fn zstandard(head: &[u8], token: &[u8], times: usize, tail: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(b"ZSTD\0".to_vec(), 1).unwrap();
    write(&mut encoder, head, token, times, tail);
    encoder.finish().unwrap()
}

fn memory_is_bounded() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return;
    };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let peak = peak.expect("the peak of resident memory") * 1024;
    println!("{peak} bytes at most were in use");
    assert!(peak <= MOST_MEMORY, "{peak} bytes at most were in use");
}
