//! Verifies a repository and prints what is restorable: `cargo run --example verify -- URL [LEVEL] [THREADS]`.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};
use tintype_repository::Level;
use tintype_repository::ledger::MemoryLedger;
use tintype_repository::repository::Repository;
use tintype_repository::source::{Access, Source};
use tintype_repository::verify::{Progress, options::Options, plan::Plan, verify};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(url) = arguments.next() else {
        anyhow::bail!("usage: verify URL [root|metadata|presence|fingerprint|checksum|structure] [THREADS]");
    };
    let level = match arguments.next().as_deref() {
        Some("root") => Level::Root,
        Some("metadata") => Level::Metadata,
        Some("presence") => Level::Presence,
        Some("fingerprint") => Level::Fingerprint,
        Some("checksum") => Level::Checksum,
        None | Some("structure") => Level::Structure,
        Some(other) => anyhow::bail!("no level {other}"),
    };
    let access = Access {
        from_environment: true,
        ..Access::default()
    };
    let repository = Arc::new(Repository::open(Source::open(&url, &access)?).await?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let options = Options {
        level,
        structure: level >= Level::Fingerprint,
        snapshots: Vec::new(),
        indices: Vec::new(),
        latest: false,
        since: None,
        budget_bytes: None,
        budget_time: None,
        rate: None,
        subset: None,
        concurrency: arguments.next().map_or(Ok(2), |threads| threads.parse())?,
        now: i64::try_from(now)?,
    };
    eprint!("{}", Plan::new(&repository, &options));
    let progress = Arc::new(Progress::default());
    let ledger = Arc::new(MemoryLedger::default());
    let report = verify(repository, options, ledger, progress.clone()).await;
    println!("{}", serde_json::to_string_pretty(&report)?);
    let milliseconds = (report.ended - report.started).max(1);
    eprintln!(
        "{:?} with {} findings, {} shards, {} requests, {} bytes in {milliseconds} ms",
        report.verdict,
        report.findings.len(),
        progress.shards.load(Relaxed),
        report.read.requests,
        report.read.bytes
    );
    Ok(())
}
