//! Figures, side by side in one run: `just bench`, or `just bench NAME…` for some of them.
//!
//! `docs/benchmarks/README.md` says what each measures and what it should be. Nothing is asserted here.

mod accepted;
mod call;
mod connections;
mod fleet;
mod page;
mod start;
mod support;

use tintype_testkit::figures;
use tokio::runtime::Builder;

fn main() -> anyhow::Result<()> {
    figures::run(&[
        ("call", || alone(call::run())),
        ("accepted", || alone(accepted::run())),
        ("start", || alone(start::run())),
        ("page", || alone(page::run())),
        // Thousands of clients need a thread more than one client, whose answers it would only hold up.
        ("connections", || two(connections::run())),
        ("fleet", || alone(fleet::run())),
    ])
}

fn alone(benchmark: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(benchmark)
}

fn two(benchmark: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(benchmark)
}
