//! Good clients are answered, and memory stays bounded, whatever the others do with their connections.

#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod attack;

use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

/// MiB, of the unoptimised binary.
const MOST_MEMORY: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_idle_connections_lock_nobody_out_and_fill_no_memory() {
    // The bounds are those of a server as it is run, whatever the other tests log.
    let options = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")).env("TINTYPE_LOG__LEVEL", "info");
    let server = TintypeProcess::start(options).await.unwrap();
    let figures = attack::attack(&server).await.unwrap_or_else(|error| {
        panic!("{error:?}\n{}", server.stderr());
    });
    println!(
        "{} calls, median {:?}, p99 {:?}; peak {} MiB",
        figures.calls.len(),
        figures.percentile(50),
        figures.percentile(99),
        figures.peak_mib
    );
    assert!(
        figures.peak_mib < MOST_MEMORY,
        "{} MiB resident",
        figures.peak_mib
    );
    assert!(
        !server.stderr().contains("could not be accepted"),
        "{}",
        server.stderr()
    );
}
