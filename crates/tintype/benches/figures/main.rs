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

const NAMES: [&str; 6] = ["call", "accepted", "start", "page", "connections", "fleet"];

fn main() -> anyhow::Result<()> {
    // Cargo says so when it measures; `cargo test --all-targets` starts this too, and wants no minutes spent.
    let (flags, mut names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|one| one.starts_with('-'));
    if !flags.iter().any(|flag| flag == "--bench") {
        return Ok(());
    }
    if names.is_empty() {
        names.extend(NAMES.map(str::to_owned));
    }
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{profile} build, {processors} processors, load {} (1, 5, 15 minutes)\n",
        support::load()
    );
    for name in &names {
        println!("## {name}\n");
        runtime(name)?.block_on(one(name))?;
    }
    println!("load {} after", support::load());
    Ok(())
}

/// Thousands of clients need a thread more than one client, whose answers it would only hold up.
fn runtime(name: &str) -> std::io::Result<tokio::runtime::Runtime> {
    match name {
        "connections" => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    }
}

async fn one(name: &str) -> anyhow::Result<()> {
    match name {
        "call" => call::run().await,
        "accepted" => accepted::run().await,
        "start" => start::run().await,
        "page" => page::run().await,
        "connections" => connections::run().await,
        "fleet" => fleet::run().await,
        other => anyhow::bail!("there is no benchmark {other:?}: {}", NAMES.join(", ")),
    }
}
