//! What good clients see among 2,000 clients that never finish a request and 10,000 idle ones.

use tintype_testkit::tintype::{TintypeOptions, TintypeProcess};

#[path = "../../tests/connections/attack.rs"]
mod attack;

pub async fn run() -> anyhow::Result<()> {
    let server = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let figures = attack::attack(&server).await?;
    let millis = |percent| figures.percentile(percent).as_secs_f64() * 1000.0;
    println!("| calls | median ms | p99 ms | slowest ms | peak memory MiB |");
    println!("|------:|----------:|-------:|-----------:|----------------:|");
    println!(
        "| {} | {:.1} | {:.1} | {:.1} | {} |",
        figures.calls.len(),
        millis(50),
        millis(99),
        millis(100),
        figures.peak_mib
    );
    println!("\nthe p99 is to be under 200 ms, the memory under 300 MB\n");
    Ok(())
}
