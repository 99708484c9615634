//! Figures, side by side in one run: `just bench`, or `just bench NAME…` for some of them.
//!
//! `docs/benchmarks/verification.md` says what each measures and what it should be. Nothing is asserted here.

mod bare;
mod blobs;
mod checksum;
mod child;
mod root;
mod s3;
mod support;

/// The product's own: the reader is to be measured as it is used.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NAMES: [&str; 4] = ["checksum", "s3", "blobs", "root"];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((child::FLAG, task)) = arguments.split_first().map(|(flag, task)| (flag.as_str(), task)) {
        return child::main(task);
    }
    // Cargo says so when it measures; `cargo test --all-targets` starts this too, and wants no minutes spent.
    let (flags, mut names): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|one| one.starts_with('-'));
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
        one(name)?;
        println!("load {} after\n", support::load());
    }
    Ok(())
}

fn one(name: &str) -> anyhow::Result<()> {
    match name {
        "checksum" => checksum::run(),
        "s3" => s3::run(),
        "blobs" => blobs::run(),
        "root" => root::run(),
        other => anyhow::bail!("there is no benchmark {other:?}: {}", NAMES.join(", ")),
    }
}
