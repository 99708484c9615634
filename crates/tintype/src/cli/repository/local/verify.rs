//! `tintype repository verify URL`.

use super::access::{Place, refused};
use super::amount::{self, Budget};
use super::ledger::LedgerArgs;
use super::output::show;
use super::run::{Ended, with_repository};
use super::{report, when};
use crate::cli::cells::{bytes, plain};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::global::process_env;
use crate::cli::output::pairs;
use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tintype_repository::Level;
use tintype_repository::finding::Severity;
use tintype_repository::repository::Repository;
use tintype_repository::survey::SurveyError;
use tintype_repository::verify::options::Options;
use tintype_repository::verify::report::{Estimate, Report};
use tintype_repository::verify::verdict::Verdict;
use tintype_repository::verify::{estimate, verify};

/// What to verify, how deep, and within which bounds.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which repository.
    #[command(flatten)]
    place: Place,
    /// How deep, each including those before it; L0, L1, L2, L2b, L3 and L4 name them too [default: structure]
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true)]
    level: Option<Depth>,
    /// Do not check the structure of Lucene's files, which fingerprint and checksum do otherwise as well
    #[arg(long)]
    no_structure: bool,
    /// Only this snapshot (name or uuid); again for more
    #[arg(long = "snapshot", value_name = "SNAPSHOT", conflicts_with = "latest")]
    snapshots: Vec<String>,
    /// Only the newest finished snapshot
    #[arg(long)]
    latest: bool,
    /// Only these indices, by commas; `*` stands for anything
    #[arg(long = "index", value_name = "INDEX", value_delimiter = ',')]
    indices: Vec<String>,
    /// Read again only what was last checked before a time (2026-11-28, 2026-11-28T22:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = when::time, conflicts_with = "max_age")]
    since: Option<i64>,
    /// Read again only what was last checked longer ago (7d)
    #[arg(long, value_name = "DURATION", value_parser = when::span)]
    max_age: Option<Duration>,
    /// Stop reading data after so many bytes (20GiB) or so long (2h); the oldest checks come first the next time
    #[arg(long, value_name = "BYTES|DURATION", value_parser = amount::budget)]
    budget: Option<Budget>,
    /// Read at most so many bytes a second (10MB)
    #[arg(long, value_name = "BYTES/S", value_parser = amount::rate)]
    rate: Option<u64>,
    /// Only part n of t of the data, such as 1/7: all t of them are the whole
    #[arg(long, value_name = "N/T", value_parser = amount::subset)]
    subset: Option<(u32, u32)>,
    /// Say what it would read, and read no data
    #[arg(long)]
    estimate: bool,
    /// Which ledger.
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Compare with what this attestation says; see `repository attest`
    #[arg(long, value_name = "FILE", requires = "trusted_key")]
    attestation: Option<PathBuf>,
    /// The public key that an attestation must be signed with; the one inside the file is never trusted
    #[arg(long, value_name = "KEY", requires = "attestation")]
    trusted_key: Option<String>,
}

/// The levels as options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Depth {
    #[value(alias = "L0")]
    Root,
    #[value(alias = "L1")]
    Metadata,
    #[value(alias = "L2")]
    Presence,
    #[value(alias = "L2b")]
    Fingerprint,
    #[value(alias = "L3")]
    Checksum,
    #[value(alias = "L4")]
    Structure,
}

impl From<Depth> for Level {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Root => Self::Root,
            Depth::Metadata => Self::Metadata,
            Depth::Presence => Self::Presence,
            Depth::Fingerprint => Self::Fingerprint,
            Depth::Checksum => Self::Checksum,
            Depth::Structure => Self::Structure,
        }
    }
}

impl Args {
    /// # Errors
    /// Usage: options that contradict each other.
    fn options(&self, concurrency: usize, now: i64) -> Result<Options> {
        let level = match self.level.map(Level::from) {
            Some(Level::Structure) if self.no_structure => {
                return Err(CliError::Usage(
                    "--level structure and --no-structure contradict each other: give --level checksum".into(),
                ));
            }
            None if self.no_structure => Level::Checksum,
            level => level.unwrap_or(Level::Structure),
        };
        let age = self.max_age.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let (budget_bytes, budget_time) = match self.budget {
            None => (None, None),
            Some(Budget::Bytes(bytes)) => (Some(bytes), None),
            Some(Budget::Time(time)) => (None, Some(time)),
        };
        Ok(Options {
            level,
            structure: level >= Level::Fingerprint && !self.no_structure,
            snapshots: self.snapshots.clone(),
            indices: self.indices.clone(),
            latest: self.latest,
            since: self.since.or_else(|| Some(now.saturating_sub(age?))),
            budget_bytes,
            budget_time,
            rate: self.rate,
            subset: self.subset,
            concurrency,
            now,
        })
    }

    /// It was asked to look at a part of the data only.
    fn is_partial(&self) -> bool {
        self.budget.is_some() || self.subset.is_some()
    }
}

enum Outcome {
    Verified(Box<Report>),
    Estimated(Estimate),
}

/// Verifies, and says with its exit code what came of it.
///
/// # Errors
/// `NotGood` with findings, Unknown when something could not be read, Interrupted, and what the options say.
pub async fn run(args: Args, context: &Context) -> Result<()> {
    let now = Timestamp::now().as_millisecond();
    let (partial, estimated) = (args.is_partial(), args.estimate);
    // Wrong options are told before a ledger or a store is opened.
    let options = args.options(1, now)?;
    let ledger = args.ledger.open(&process_env)?;
    let url = args.place.repository.clone();
    let work = async move |repository: Arc<Repository>, concurrency, progress| {
        for name in &options.snapshots {
            if repository.find_snapshot(name).is_none() {
                return Err(refused(SurveyError::NoSnapshot(name.clone())));
            }
        }
        let options = Options { concurrency, ..options };
        if estimated {
            return Ok(Outcome::Estimated(estimate(repository, options, ledger).await));
        }
        let report = verify(repository, options, Arc::clone(&ledger), progress).await;
        let flushed = ledger.flush().await;
        flushed.map_err(|error| CliError::Failed(format!("--ledger: {error}")))?;
        Ok(Outcome::Verified(Box::new(report)))
    };
    let Ended { result, interrupted } = with_repository(&url, &args.place.access, context, work).await?;
    match result {
        Outcome::Estimated(estimate) if !interrupted => cost(&estimate, context),
        Outcome::Estimated(_) => Err(CliError::Interrupted("interrupted".into())),
        Outcome::Verified(report) => {
            let lists = [("snapshots", "snapshot"), ("findings", "finding")];
            show(context, &report, &lists, "name", |_| report::text(&report, now))?;
            if interrupted {
                return Err(CliError::Interrupted(
                    "interrupted: what was checked is in the ledger, --since goes on from there".into(),
                ));
            }
            judge(&report, partial)
        }
    }
}

/// The exit code: 3 when something is certainly lost, else 4 when something is not known.
fn judge(report: &Report, partial: bool) -> Result<()> {
    let lost: Vec<&str> = report
        .snapshots
        .iter()
        .filter(|snapshot| matches!(snapshot.verdict, Verdict::InPart | Verdict::NotRestorable))
        .map(|snapshot| snapshot.name.as_ref())
        .collect();
    let all = report.snapshots.len();
    if !lost.is_empty() {
        let words = format!("{} of {all} snapshots cannot be restored whole: {}", lost.len(), named(&lost));
        return Err(CliError::NotGood(words));
    }
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    match errors.count() {
        0 => {}
        errors => return Err(CliError::NotGood(format!("{errors} errors were found"))),
    }
    if report.verdict == Verdict::Unknown {
        let unknown = report.snapshots.iter().filter(|snapshot| snapshot.verdict == Verdict::Unknown);
        let unknown: Vec<&str> = unknown.map(|snapshot| snapshot.name.as_ref()).collect();
        let words = format!("of {} of {all} snapshots it is not known: {}", unknown.len(), named(&unknown));
        return Err(CliError::Unknown(if unknown.is_empty() { "nothing could be verified".into() } else { words }));
    }
    if !report.complete && !partial {
        return Err(CliError::Unknown("not all that was asked for was looked at".into()));
    }
    Ok(())
}

/// The first ten.
fn named(names: &[&str]) -> String {
    let more = match names.len().saturating_sub(10) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first: Vec<String> = names.iter().take(10).map(|name| plain(name)).collect();
    first.join(", ") + &more
}

/// What a verification would cost, as a document.
#[derive(Serialize)]
struct Cost<'a> {
    schema: &'static str,
    #[serde(flatten)]
    estimate: &'a Estimate,
}

fn cost(estimate: &Estimate, context: &Context) -> Result<()> {
    let cost = Cost {
        schema: "tintype.estimate/1",
        estimate,
    };
    show(context, &cost, &[], "", |_| {
        Ok(pairs(
            [
                ("METADATA REQUESTS", estimate.metadata_requests.to_string()),
                ("DATA REQUESTS", estimate.data_requests.to_string()),
                ("DATA", bytes(estimate.data_bytes)),
                ("BLOBS", estimate.blobs.to_string()),
                ("BLOBS KNOWN BY THE LEDGER", estimate.blobs_by_ledger.to_string()),
            ]
            .into_iter(),
        ))
    })
}
