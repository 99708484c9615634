//! The corpus' own bytes, and what becomes of them when they are changed and sealed again: no parser panics, hangs, or takes
//! more than 256 MB. Each parser runs in a process of its own, since memory is bounded by process.

mod lucene;
mod mutate;
mod parsers;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tintype_testkit::corpus::Form;
use tintype_testkit::noise::Noise;
use tintype_testkit::process::mortal_command;

use crate::corpora::{self, Scratch};
use crate::truth::{self, Class};
use mutate::mutated;
use parsers::Parser;

/// Address space of a child, program and all, in KiB.
const MEMORY: u32 = 256 << 10;
const SECONDS: u64 = 30;
/// One input takes less, on the busiest machine.
const HANGS: Duration = Duration::from_secs(10);
/// Blobs of a class that are kept for mutation.
const SEEDS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn no_parser_panics_hangs_or_grows_on_the_corpus_changed() {
    let scratch = Scratch::new();
    gather(scratch.path()).await;
    let children = Parser::ALL.into_iter().map(|parser| {
        let directory = scratch.path().to_owned();
        tokio::task::spawn_blocking(move || child(parser, &directory))
    });
    let mut results = stream::iter(children).buffer_unordered(2);
    while let Some(result) = results.next().await {
        println!("{}", result.unwrap());
    }
}

/// Lays blobs of every class of every corpus into a directory for each parser.
async fn gather(directory: &Path) {
    let mut kept = std::collections::BTreeMap::<Parser, Vec<Vec<u8>>>::new();
    for corpus in corpora::all().await {
        for written in &corpus.manifest.repositories {
            for blob in truth::blobs(written) {
                let bytes = fs::read(written.root.join(&blob.file)).unwrap();
                for parser in Parser::of(&blob) {
                    kept.entry(*parser).or_default().push(bytes.clone());
                }
                if blob.class == Class::ShardSnapshot && written.form == Form::Plain {
                    let files = lucene::pack_shard(written, &blob);
                    for parser in Parser::LUCENE {
                        kept.entry(parser).or_default().push(files.clone());
                    }
                }
            }
        }
    }
    for (parser, mut blobs) in kept {
        let own = directory.join(parser.name());
        fs::create_dir_all(&own).unwrap();
        // All of them as they are; spread over all corpora those that are changed.
        blobs.sort();
        blobs.dedup();
        let step = blobs.len().div_ceil(SEEDS);
        for (number, bytes) in blobs.iter().step_by(step).enumerate() {
            fs::write(own.join(format!("{number:03}")), bytes).unwrap();
        }
    }
}

/// Runs this binary again for one parser, its memory bounded.
fn child(parser: Parser, directory: &Path) -> String {
    let mut command: Command = mortal_command("bash");
    let limited = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    command
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "hostile::one_parser",
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env("HOSTILE_PARSER", parser.name())
        .env("HOSTILE_SEEDS", directory.join(parser.name()))
        // Each further arena of the allocator reserves 64 MB.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.status.success(),
        "{}: {}\n{said}",
        parser.name(),
        output.status
    );
    let line = said.lines().find(|line| line.contains(" inputs"));
    line.unwrap_or_else(|| panic!("{}: nothing ran:\n{said}", parser.name()))
        .to_owned()
}

static AT: AtomicU64 = AtomicU64::new(0);

#[test]
#[ignore = "a child of no_parser_panics_hangs_or_grows_on_the_corpus_changed"]
fn one_parser() {
    let Ok(name) = std::env::var("HOSTILE_PARSER") else {
        return;
    };
    let parser = Parser::ALL
        .into_iter()
        .find(|parser| parser.name() == name)
        .unwrap();
    let mut paths: Vec<_> = fs::read_dir(std::env::var("HOSTILE_SEEDS").unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    std::thread::spawn(watch);
    for seed in &seeds {
        assert!(parser.parse(seed), "{name} refuses what an engine wrote");
    }
    let (start, mut refused) = (Instant::now(), 0_u64);
    let only: Option<u64> = std::env::var("HOSTILE_INPUT")
        .ok()
        .map(|text| text.parse().unwrap());
    let mut number = only.unwrap_or(0);
    while start.elapsed() < Duration::from_secs(SECONDS) {
        AT.store(number, Ordering::Relaxed);
        let mut noise = Noise(number);
        let input = mutated(parser, &seeds, &mut noise);
        refused += u64::from(!parser.parse(&input));
        number += 1;
        if only.is_some() {
            break;
        }
    }
    assert!(refused > 0, "nothing was changed");
    println!(
        "{name}: {number} inputs, {refused} refused, {} KiB at most",
        peak()
    );
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

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}
