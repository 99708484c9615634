//! Every byte of a large repository on this machine's disk: cached, and not.

use crate::bare::{self, Found, Read};
use crate::child::Verification;
use crate::support::{Line, Sample, ratio, rounds, timed, turns};
use anyhow::{Context, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tintype_testkit::figures::count;
use tintype_testkit::synthetic::{self, Shape};

/// The usual size in GiB.
const GIB: u32 = 4;

/// A shape of so many GiB.
pub fn shape() -> anyhow::Result<Shape> {
    let indices = count("TINTYPE_BENCH_GIB", GIB)?;
    let large = Shape::LARGE;
    Ok(Shape { indices, ..large })
}

pub fn run() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path();
    synthetic::write(path, &shape()?)?;
    let all = bare::list(path, 1)?;
    let data: Vec<Found> = all.iter().filter(|found| bare::is_data(found)).cloned().collect();
    let bytes = data.iter().map(|(_, length)| length).sum::<u64>();
    println!(
        "{} blobs, {:.2} GiB\n",
        data.len(),
        bytes as f64 / f64::from(1 << 30)
    );
    for threads in [1, 2] {
        cached(path, &data, threads)?;
    }
    cold(path, &all, &data, 1)?;
    cold(path, &all, &data, 2)
}

fn how(files: &[Found], read: Read) -> Vec<(Found, Read)> {
    files.iter().map(|found| (found.clone(), read)).collect()
}

/// In the page cache. At least 0.9 of the speed of the loop.
fn cached(path: &Path, data: &[Found], threads: usize) -> anyhow::Result<()> {
    let url = path.to_str().context("a path that is no text")?;
    let summed = how(data, Read::Summed);
    let level = |level| Verification {
        url,
        level,
        concurrency: threads,
        ledger: None,
        s3: None,
    };
    let (checksum, structure) = (level("L3"), level("L4"));
    // Into the cache.
    bare::read(&how(data, Read::Whole), 2)?;
    let mut lines = [
        Line::new(format!("L3, {threads} threads"), || checksum.run()),
        Line::new("pread and crc32fast", || timed(|| bare::read(&summed, threads))),
        Line::new("L4", || structure.run()),
        Line::new("Java, CRC32", || java(path, threads)),
    ];
    turns(rounds()?, &mut lines)?;
    let [checksum, loop_, structure, java] = &lines;
    ratio(checksum, loop_);
    ratio(structure, loop_);
    ratio(checksum, java);
    println!();
    Ok(())
}

/// Not in the page cache. At least 0.9 of the speed of the loop.
fn cold(path: &Path, all: &[Found], data: &[Found], threads: usize) -> anyhow::Result<()> {
    let verification = Verification {
        url: path.to_str().context("a path that is no text")?,
        level: "L3",
        concurrency: threads,
        ledger: None,
        s3: None,
    };
    let (whole, summed) = (how(data, Read::Whole), how(data, Read::Summed));
    let mut lines = [
        Line::new(format!("cold, L3, {threads} threads"), || {
            bare::evict(all)?;
            verification.run()
        }),
        Line::new("pread", || {
            bare::evict(all)?;
            timed(|| bare::read(&whole, threads))
        }),
        Line::new("pread and crc32fast", || {
            bare::evict(all)?;
            timed(|| bare::read(&summed, threads))
        }),
    ];
    turns(rounds()?, &mut lines)?;
    let [checksum, plain, summed] = &lines;
    ratio(checksum, plain);
    ratio(checksum, summed);
    println!();
    Ok(())
}

fn java(path: &Path, threads: usize) -> anyhow::Result<Sample> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/figures/Sum.java");
    let output = Command::new("java")
        .arg(source)
        .arg(path)
        .arg(threads.to_string())
        .output()
        .context("cannot run java")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let mut times = text
        .trim()
        .split(' ')
        .map(str::parse)
        .map(|time| time.map(Duration::from_nanos));
    let mut next = || times.next().and_then(Result::ok).context("java says no time");
    Ok(Sample {
        time: next()?,
        busy: next()?,
        peak: None,
    })
}
