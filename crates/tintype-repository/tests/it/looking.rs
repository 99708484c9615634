//! Verifying a repository in a directory.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tintype_repository::Level;
use tintype_repository::ledger::{BlobKey, Check, Ledger, LedgerError};
use tintype_repository::repository::{OpenError, Repository};
use tintype_repository::source::{Access, Source};
use tintype_repository::verify::options::Options;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_repository::verify::{Progress, verify};
use tintype_testkit::corpus::Written;

/// Remembers nothing, so that everything is read.
pub struct Forgetful;

#[async_trait]
impl Ledger for Forgetful {
    async fn last(&self, _: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>, LedgerError> {
        Ok(vec![None; keys.len()])
    }
    async fn record(&self, _: &[(BlobKey, Check)]) -> Result<(), LedgerError> {
        Ok(())
    }
    async fn flush(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}

/// Everything, at this level.
pub fn options(level: Level) -> Options {
    Options {
        concurrency: 1,
        ..Options::new(level, jiff::Timestamp::now().as_millisecond())
    }
}

/// Opens a repository of this base path below a store's root.
pub async fn open(root: &Path, base: &str) -> Result<Arc<Repository>, OpenError> {
    let access = Access {
        base_path: Some(base.to_owned()),
        ..Access::default()
    };
    let source = Source::open(root.join(base).to_str().unwrap(), &access)?;
    Repository::open(source).await.map(Arc::new)
}

pub async fn look(written: &Written, options: Options) -> Result<Report, OpenError> {
    look_at(&written.root, &written.base, options).await
}

pub async fn look_at(root: &Path, base: &str, options: Options) -> Result<Report, OpenError> {
    let repository = open(root, base).await?;
    Ok(judged(repository, options, Arc::new(Forgetful)).await)
}

/// The report of a repository, with what a ledger knows.
pub async fn judged(repository: Arc<Repository>, options: Options, ledger: Arc<dyn Ledger>) -> Report {
    verify(repository, options, ledger, Arc::new(Progress::default())).await
}

/// Verdicts by snapshot and index.
pub type Verdicts = BTreeMap<(String, String), Verdict>;

pub fn verdicts(report: &Report) -> Verdicts {
    let of = |snapshot: &tintype_repository::verify::report::SnapshotReport| {
        let name = snapshot.name.clone();
        let indices = snapshot.indices.iter();
        indices
            .map(|index| ((name.clone(), index.name.to_string()), index.verdict))
            .collect::<Vec<_>>()
    };
    report.snapshots.iter().flat_map(of).collect()
}

/// Findings in a line each, for messages.
pub fn said(report: &Report) -> String {
    let lines = report.findings.iter().map(|finding| {
        format!(
            "{:?} {:?} {} {:?}: {}\n",
            finding.severity, finding.kind, finding.blob, finding.snapshots, finding.message
        )
    });
    lines.collect()
}

/// Shows a line or more past the test harness, which shows nothing of a test that passes.
pub fn show(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}
