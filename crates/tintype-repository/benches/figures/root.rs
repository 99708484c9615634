//! A root of very many snapshots, opened.

use crate::child;
use crate::support::{Line, ratio, rounds, turns};
use tintype_repository::format::testing::large_root;
use tintype_testkit::figures::count;
use tintype_testkit::synthetic;

const SNAPSHOTS: u32 = 10_000;
const EACH: u32 = 100;
const INDICES: u32 = 5_000;

pub fn run() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path();
    let snapshots = count("TINTYPE_BENCH_SNAPSHOTS", SNAPSHOTS)?;
    synthetic::write_base(path, &large_root(snapshots, EACH, INDICES))?;
    let root = path.join("index-0");
    println!(
        "{snapshots} snapshots of {EACH} of {INDICES} indices, {:.1} MB; open is to be under 1 s and 400 MB\n",
        root.metadata()?.len() as f64 / 1e6
    );
    let mut lines = [
        Line::new("open", || child::open(path)),
        Line::new("read, and passed over as JSON", || child::json(&root)),
    ];
    turns(rounds()?, &mut lines)?;
    let [open, json] = &lines;
    ratio(open, json);
    println!();
    Ok(())
}
