//! A repository of very many small blobs: what is done for each counts.

use crate::bare::{self, Found, Read};
use crate::child::Verification;
use crate::support::{Line, Sample, ratio, rounds, timed, turns};
use anyhow::Context;
use tintype_testkit::figures::count;
use tintype_testkit::synthetic::{self, Shape};

const BLOBS: u32 = 1_000_000;
const THREADS: usize = 2;

pub fn run() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = &directory.path().join("repository");
    let ledger = &directory.path().join("ledger");
    let many = Shape::MANY;
    // Two data blobs in each segment.
    let each = 2 * many.segments * many.shards;
    let indices = count("TINTYPE_BENCH_BLOBS", BLOBS)?.div_ceil(each);
    synthetic::write(path, &Shape { indices, ..many })?;
    let all = bare::list(path, THREADS)?;
    let (data, metadata) = parts(&all);
    println!(
        "{} data blobs and {} of metadata in {} shards, {THREADS} threads\n",
        data.len(),
        metadata.len(),
        indices * many.shards
    );
    drop(all);
    let url = path.to_str().context("a path that is no text")?;
    let level = |level: &'static str| {
        move || {
            let _ = std::fs::remove_file(ledger);
            let verification = Verification {
                url,
                level,
                concurrency: THREADS,
                ledger: Some(ledger),
                s3: None,
            };
            verification.run()
        }
    };
    // What a level reads: the metadata, and the ranges of the data.
    let ranges = |how: Read| -> Vec<(Found, Read)> {
        let whole = metadata.iter().map(|found| (found.clone(), Read::Whole));
        let data = data.iter().map(|found| (found.clone(), how));
        data.chain(whole).collect()
    };
    let (ends, whole) = (&ranges(Read::Ends), &ranges(Read::Whole));
    // A loop that is not told beforehand which files there are, and how long they are, lists them.
    let walked = |files| {
        move || {
            timed(|| {
                drop(bare::list(path, THREADS)?);
                bare::read(files, THREADS)
            })
        }
    };
    let mut lines = [
        Line::new("bare listing", || timed(|| bare::list(path, THREADS).map(drop))),
        Line::new("L0", level("L0")),
        Line::new("L1", level("L1")),
        Line::new("L2", level("L2")),
        Line::new("L2b", level("L2b")),
        Line::new("its ranges by a walk", walked(ends)),
        Line::new("its ranges, known", || timed_read(ends)),
        Line::new("L4", level("L4")),
        Line::new("its ranges by a walk", walked(whole)),
        Line::new("its ranges, known", || timed_read(whole)),
    ];
    turns(rounds()?, &mut lines)?;
    let [
        listing,
        root,
        metadata,
        presence,
        fingerprint,
        ends_walked,
        ends_known,
        structure,
        whole_walked,
        whole_known,
    ] = &lines;
    for figure in [root, metadata, presence] {
        ratio(figure, listing);
    }
    for (figure, bare) in [
        (fingerprint, ends_walked),
        (fingerprint, ends_known),
        (structure, whole_walked),
        (structure, whole_known),
    ] {
        ratio(figure, bare);
    }
    println!();
    Ok(())
}

fn timed_read(files: &[(Found, Read)]) -> anyhow::Result<Sample> {
    timed(|| bare::read(files, THREADS))
}

fn parts(all: &[Found]) -> (Vec<Found>, Vec<Found>) {
    let part = |is: fn(&Found) -> bool| all.iter().filter(|found| is(found)).cloned().collect();
    (part(bare::is_data), part(bare::is_metadata))
}
