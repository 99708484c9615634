//! What is measured in a process of its own, whose memory is that of nothing else.

use crate::support::{Sample, busy};
use anyhow::{bail, ensure};
use secrecy::SecretString;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tintype_repository::Level;
use tintype_repository::finding::Severity;
use tintype_repository::ledger::{FileLedger, Ledger, MemoryLedger};
use tintype_repository::repository::Repository;
use tintype_repository::source::{Access, Source};
use tintype_repository::verify::{Progress, options::Options, verify};
use tintype_testkit::process::memory;

/// What a child is started with.
pub const FLAG: &str = "--child";
/// Where the store is, when it is S3: endpoint, access key, secret key.
pub const S3: [&str; 3] = [
    "TINTYPE_BENCH_S3_ENDPOINT",
    "TINTYPE_BENCH_S3_KEY",
    "TINTYPE_BENCH_S3_SECRET",
];

/// A verification.
#[derive(Debug, Clone)]
pub struct Verification<'a> {
    pub url: &'a str,
    /// `L0` to `L4`.
    pub level: &'a str,
    pub concurrency: usize,
    /// A ledger's file; without one it is kept in memory.
    pub ledger: Option<&'a Path>,
    /// See [`S3`].
    pub s3: Option<[String; 3]>,
}

impl Verification<'_> {
    /// Runs it in a child: from opening the repository to the report.
    pub fn run(&self) -> anyhow::Result<Sample> {
        let mut command = start("verify")?;
        command
            .args([self.url, self.level, &self.concurrency.to_string()])
            .args(self.ledger);
        for (name, value) in S3.iter().zip(self.s3.iter().flatten()) {
            command.env(name, value);
        }
        sample(command)
    }
}

/// Opens a repository in a child.
pub fn open(path: &Path) -> anyhow::Result<Sample> {
    let mut command = start("open")?;
    command.arg(path);
    sample(command)
}

/// Reads a file in a child, and whether it is JSON.
pub fn json(path: &Path) -> anyhow::Result<Sample> {
    let mut command = start("json")?;
    command.arg(path);
    sample(command)
}

fn start(task: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([FLAG, task]);
    Ok(command)
}

/// The last line of what it says: nanoseconds passed and busy, and bytes resident at most.
fn sample(mut command: Command) -> anyhow::Result<Sample> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut words = text
        .lines()
        .last()
        .unwrap_or_default()
        .split(' ')
        .map(str::parse::<u64>);
    let (Some(Ok(time)), Some(Ok(busy)), Some(Ok(peak))) = (words.next(), words.next(), words.next()) else {
        bail!("a child says {text:?}");
    };
    Ok(Sample {
        time: Duration::from_nanos(time),
        busy: Duration::from_nanos(busy),
        peak: Some(peak),
    })
}

/// The child itself.
pub fn main(task: &[String]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let begun = Instant::now();
    match task.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["verify", url, level, concurrency, ref ledger @ ..] => {
            let ledger = ledger.first().map(Path::new);
            runtime.block_on(verified(url, level, concurrency.parse()?, ledger))?;
        }
        ["open", path] => {
            let repository = runtime.block_on(opened(path))?;
            ensure!(!repository.root.snapshots.is_empty(), "nothing in it");
        }
        ["json", path] => {
            let bytes = std::fs::read(path)?;
            serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)?;
        }
        _ => bail!("no such task: {task:?}"),
    }
    println!(
        "{} {} {}",
        begun.elapsed().as_nanos(),
        busy()?.as_nanos(),
        memory("self", "VmHWM")?
    );
    Ok(())
}

async fn opened(url: &str) -> anyhow::Result<Arc<Repository>> {
    let [endpoint, key, secret] = S3.map(|name| std::env::var(name).ok());
    let access = Access {
        endpoint,
        username: key,
        password: secret.map(SecretString::from),
        ..Access::default()
    };
    Ok(Arc::new(Repository::open(Source::open(url, &access)?).await?))
}

async fn verified(url: &str, level: &str, concurrency: usize, ledger: Option<&Path>) -> anyhow::Result<()> {
    let level = match level {
        "L0" => Level::Root,
        "L1" => Level::Metadata,
        "L2" => Level::Presence,
        "L2b" => Level::Fingerprint,
        "L3" => Level::Checksum,
        "L4" => Level::Structure,
        other => bail!("no level {other:?}"),
    };
    let options = Options {
        concurrency,
        ..Options::new(level, 1)
    };
    let ledger: Arc<dyn Ledger> = match ledger {
        Some(path) => Arc::new(FileLedger::open(path)?),
        None => Arc::new(MemoryLedger::default()),
    };
    let report = verify(opened(url).await?, options, ledger, Arc::new(Progress::default())).await;
    let bad = report
        .findings
        .iter()
        .find(|found| found.severity == Severity::Error);
    ensure!(bad.is_none(), "the repository is not whole: {bad:?}");
    Ok(())
}
