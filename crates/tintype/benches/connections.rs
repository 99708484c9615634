//! What good clients see among 2,000 clients that never finish a request and 10,000 idle ones.
//!
//! `cargo bench -p tintype --bench connections`; `docs/benchmarks/README.md` says what the figures mean.

use std::time::Duration;

use anyhow::ensure;
use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

#[path = "../tests/connections/attack.rs"]
mod attack;

/// What the 99th percent may take.
const MOST: Duration = Duration::from_millis(200);
/// MiB.
const MOST_MEMORY: u64 = 300;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    // Cargo says so when it measures; `cargo test --all-targets` starts this too, and wants no minutes spent.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let server = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let figures = attack::attack(&server).await?;
    let millis = |percent| figures.percentile(percent).as_secs_f64() * 1000.0;
    println!("| calls | median ms | p99 ms | slowest ms | peak memory MiB |");
    println!("|---|---|---|---|---|");
    println!(
        "| {} | {:.1} | {:.1} | {:.1} | {} |",
        figures.calls.len(),
        millis(50),
        millis(99),
        millis(100),
        figures.peak_mib
    );
    ensure!(figures.percentile(99) < MOST, "p99 is over {MOST:?}");
    ensure!(figures.peak_mib < MOST_MEMORY, "memory is over {MOST_MEMORY} MiB");
    Ok(())
}
