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
    let read = |how: Read, with: &[Found]| -> Vec<(Found, Read)> {
        let whole = with.iter().map(|found| (found.clone(), Read::Whole));
        data.iter()
            .map(|found| (found.clone(), how))
            .chain(whole)
            .collect()
    };
    // All that a level asks of the store, by loops: the listing, the metadata, and the ranges of the data.
    let asked = |how: Read| {
        let files = read(how, &metadata);
        move || {
            timed(|| {
                drop(bare::list(path, THREADS)?);
                bare::read(&files, THREADS)
            })
        }
    };
    let mut lines = [
        Line::new("bare listing", || timed(|| bare::list(path, THREADS).map(drop))),
        Line::new("L0", level("L0")),
        Line::new("L1", level("L1")),
        Line::new("L2", level("L2")),
        Line::new("L2b", level("L2b")),
        Line::new("the ranges of its data, bare", || {
            timed_read(&read(Read::Ends, &[]))
        }),
        Line::new("all that L2b asks for, bare", asked(Read::Ends)),
        Line::new("L4", level("L4")),
        Line::new("the data, bare", || timed_read(&read(Read::Whole, &[]))),
        Line::new("all that L4 asks for, bare", asked(Read::Whole)),
    ];
    turns(rounds()?, &mut lines)?;
    let [
        listing,
        root,
        metadata,
        presence,
        ends,
        bare_ends,
        all_ends,
        whole,
        bare_whole,
        all_whole,
    ] = &lines;
    for figure in [root, metadata, presence] {
        ratio(figure, listing);
    }
    ratio(ends, all_ends);
    ratio(ends, bare_ends);
    ratio(whole, all_whole);
    ratio(whole, bare_whole);
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
