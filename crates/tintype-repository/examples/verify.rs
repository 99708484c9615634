//! Proves what can be restored of a repository, and exits like the command: 0, 3 (damage) or 4 (unknown):
//! `cargo run --example verify -- URL [LEDGER_FILE]`. With a ledger, a run that was killed is gone on with.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tintype_repository::Level;
use tintype_repository::ledger::{FileLedger, Ledger, MemoryLedger};
use tintype_repository::repository::Repository;
use tintype_repository::source::{Access, Source};
use tintype_repository::verify::{Progress, of_a_damaged_root, options::Options, verdict::Verdict, verify};

const DAY: i64 = 24 * 3600 * 1000;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let Some(url) = arguments.next() else {
        anyhow::bail!("usage: verify URL [LEDGER_FILE]");
    };
    let access = Access {
        from_environment: true,
        ..Access::default()
    };
    let source = Source::open(&url, &access)?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let mut options = Options::new(Level::Structure, now);
    let ledger: Arc<dyn Ledger> = match arguments.next() {
        Some(file) => {
            // What passed within the last day is not read again.
            options.since = Some(now - DAY);
            Arc::new(FileLedger::open(Path::new(&file))?)
        }
        None => Arc::new(MemoryLedger::default()),
    };
    let location = source.location().to_owned();
    let report = match Repository::open(source).await {
        Ok(repository) => {
            let progress = Arc::new(Progress::default());
            verify(Arc::new(repository), options, ledger, progress).await
        }
        Err(error) => match of_a_damaged_root(&error, &location, &options, now) {
            Some(report) => report,
            None => return Err(error.into()),
        },
    };
    for snapshot in &report.snapshots {
        println!("{} {:?}", snapshot.name, snapshot.verdict);
        for index in snapshot
            .indices
            .iter()
            .filter(|index| index.verdict != Verdict::Restorable)
        {
            println!("  {} {:?}", index.name, index.verdict);
        }
    }
    for found in &report.findings {
        println!(
            "{:?} {:?} {}: {}",
            found.severity, found.kind, found.blob, found.message
        );
    }
    Ok(match report.verdict {
        Verdict::Restorable => ExitCode::SUCCESS,
        Verdict::InPart | Verdict::NotRestorable => ExitCode::from(3),
        Verdict::Unknown => ExitCode::from(4),
    })
}
