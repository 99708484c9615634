//! One parser in a process of its own.

use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tintype_repository::attest::Attestation;
use tintype_repository::format::testing::seal;
use tintype_repository::testing::hostile::{Parser, Shape, attestation, parser};
use tintype_testkit::noise::Noise;
use tintype_testkit::process::memory;

use super::{bombs, mutate::mutated};

/// The parser's name.
pub const PARSER: &str = "HOSTILE_PARSER";
/// Where everything was laid.
pub const DIRECTORY: &str = "HOSTILE_DIRECTORY";
/// The file in it that [`longest_attestation`] reads.
pub const LONGEST: &str = "longest";
/// The address space, program and all, in bytes: a growing buffer reserves more than it fills.
pub const ADDRESSES: u64 = 320 << 20;

/// What is resident at most, in bytes.
const MEMORY: u64 = 256_000_000;
const SECONDS: u64 = 30;
/// One input takes less, on the busiest machine.
const HANGS: Duration = Duration::from_secs(10);

/// Which input is read.
static AT: AtomicU64 = AtomicU64::new(0);

#[test]
#[ignore = "a child of no_parser_panics_hangs_or_grows_on_hostile_bytes"]
fn one_parser() {
    let Ok(name) = std::env::var(PARSER) else {
        return;
    };
    let inputs = Inputs::read(parser(&name), Path::new(&std::env::var(DIRECTORY).unwrap()));
    std::thread::spawn(watch);
    for seed in &inputs.seeds {
        assert!((inputs.parser.parse)(seed), "{name} refuses what was written");
    }
    let (start, mut refused) = (Instant::now(), 0_u64);
    let only = std::env::var("HOSTILE_INPUT").ok();
    let only: Option<u64> = only.map(|text| text.parse().unwrap());
    let mut number = only.unwrap_or(0);
    while start.elapsed() < Duration::from_secs(SECONDS) {
        AT.store(number, Ordering::Relaxed);
        refused += u64::from(!(inputs.parser.parse)(&inputs.make(number)));
        number += 1;
        if only.is_some() {
            break;
        }
    }
    assert!(refused > 0, "nothing was changed");
    let peak = memory("self", "VmHWM").unwrap();
    println!("{name}: {number} inputs, {refused} refused, {peak} bytes at most");
    assert!(peak <= MEMORY, "{name}: {peak} bytes were resident");
}

#[test]
#[ignore = "a child of the_longest_attestation_is_read_within_the_memory"]
fn longest_attestation() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let path = Path::new(&directory).join(LONGEST);
    let length = path.metadata().unwrap().len();
    assert!(length > 140 << 20, "{length} bytes are not the longest");
    let read = Attestation::read(BufReader::new(fs::File::open(path).unwrap())).unwrap();
    let statement = read.verified(&[attestation::key().public()]).unwrap();
    assert!(statement.blobs.count > 1_000_000, "{}", statement.blobs.count);
    assert!(
        statement.extract.indices.len() > 80_000,
        "{}",
        statement.extract.indices.len()
    );
    let peak = memory("self", "VmHWM").unwrap();
    println!("attestation: inputs of {length} bytes, {peak} bytes at most");
    assert!(peak <= MEMORY, "{peak} bytes were resident");
}

struct Inputs {
    parser: &'static Parser,
    seeds: Vec<Vec<u8>>,
    bombs: Vec<Vec<u8>>,
}

impl Inputs {
    fn read(parser: &'static Parser, directory: &Path) -> Self {
        let mut seeds = (parser.seeds)();
        let written = directory.join(parser.name);
        // No engine of the suite writes a shallow copy.
        if written.exists() {
            seeds.extend(files(&written));
        }
        let bombs = match parser.shape {
            Shape::Sealed(codec) => {
                let bodies = files(&directory.join(bombs::DIRECTORY));
                bodies.iter().map(|body| seal(codec, body)).collect()
            }
            Shape::Bare | Shape::Signed | Shape::Lucene(_) => Vec::new(),
        };
        Self { parser, seeds, bombs }
    }

    /// The input of a number: first the bombs, then changed seeds.
    fn make(&self, number: u64) -> Vec<u8> {
        match self.bombs.get(number as usize) {
            Some(bomb) => bomb.clone(),
            None => mutated(self.parser, &self.seeds, &mut Noise(number)),
        }
    }
}

fn files(directory: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Ends the process when an input takes too long; says now and then where it is, since a process that has no memory left
/// cannot. `HOSTILE_INPUT=NUMBER` runs one again.
fn watch() {
    let (mut last, mut since) = (u64::MAX, Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = AT.load(Ordering::Relaxed);
        eprintln!("input {now}");
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > HANGS {
            eprintln!("input {now} hangs");
            std::process::abort();
        }
    }
}
