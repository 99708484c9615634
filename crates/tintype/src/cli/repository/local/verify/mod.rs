//! `tintype repository verify URL`.

mod args;
mod compared;
mod judge;

pub use args::{Args, Depth};
pub use compared::Shown;

use super::access::not_opened;
use super::attest::Trusted;
use super::output::show;
use super::run::{Ended, with_source};
use super::{location, report};
use crate::cli::cells::{bytes, plain};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::global::process_env;
use crate::cli::output::{Format, pairs, print};
use compared::compare;
use jiff::Timestamp;
use judge::judge;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tintype_repository::repository::Repository;
use tintype_repository::source::Source;
use tintype_repository::verify::options::Options;
use tintype_repository::verify::report::Estimate;
use tintype_repository::verify::verdict::Verdict;
use tintype_repository::verify::{Progress, estimate, of_a_damaged_root, unknown, verify};

enum Outcome {
    Verified(Box<Shown>),
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
    location(&args.place.repository)?;
    let trusted = args
        .attestation
        .as_deref()
        .map(|path| Trusted::read(path, &args.trusted_keys));
    let trusted = trusted.transpose()?;
    let kept = match args.ledger.no_ledger {
        true => "with --no-ledger nothing is remembered of what was checked",
        false => "what was checked is in the ledger: --max-age goes on from there",
    };
    let ledger = args.ledger.open(&process_env)?;
    let url = args.place.repository.clone();
    let work = async move |source: Source, concurrency, progress: Arc<Progress>| {
        let location = source.location().to_owned();
        let repository = match Repository::open(source).await {
            Ok(repository) => Arc::new(repository),
            Err(error) if estimated => return Err(not_opened(error)),
            Err(error) => {
                let ended = Timestamp::now().as_millisecond();
                let report = of_a_damaged_root(&error, &location, &options, ended);
                let report = report.ok_or_else(|| not_opened(error))?;
                return Ok(Outcome::Verified(Box::new(Shown {
                    report,
                    attestation: None,
                })));
            }
        };
        all_are_there(&repository, &options)?;
        let options = Options {
            concurrency,
            ..options
        };
        if estimated {
            return Ok(Outcome::Estimated(estimate(repository, options, ledger).await));
        }
        let verified = verify(
            Arc::clone(&repository),
            options,
            Arc::clone(&ledger),
            Arc::clone(&progress),
        );
        let mut report = verified.await;
        let flushed = ledger.flush().await;
        flushed.map_err(|error| CliError::Failed(format!("--ledger: {error}")))?;
        let attestation = match &trusted {
            Some(trusted) if !progress.stop.load(Relaxed) => {
                Some(compare(trusted, repository, &mut report, concurrency, progress).await?)
            }
            _ => None,
        };
        Ok(Outcome::Verified(Box::new(Shown { report, attestation })))
    };
    let Ended { result, interrupted } = with_source(&url, &args.place.access, context, work).await?;
    match result {
        Outcome::Estimated(estimate) if !interrupted => cost(&estimate, context),
        Outcome::Estimated(_) => Err(CliError::Interrupted("interrupted".into())),
        Outcome::Verified(shown) => {
            print_report(&shown, now, context)?;
            if interrupted {
                return Err(CliError::Interrupted(format!("interrupted: {kept}")));
            }
            judge(&shown, partial)
        }
    }
}

/// Whether the repository has what was asked for by name.
///
/// # Errors
/// Not found.
fn all_are_there(repository: &Repository, options: &Options) -> Result<()> {
    let missing = unknown(&repository.root, options);
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(|name| format!("{name:?}")).collect();
    Err(CliError::NotFound(format!(
        "neither a snapshot nor an index here is called {}: `tintype repository ls URL` lists the snapshots",
        names.join(", ")
    )))
}

/// `-o name` names what can be restored whole.
fn print_report(shown: &Shown, now: i64, context: &Context) -> Result<()> {
    if context.format() == Format::Name {
        let good = shown
            .report
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.verdict == Verdict::Restorable);
        return print(
            &good
                .map(|snapshot| plain(&snapshot.name) + "\n")
                .collect::<String>(),
        );
    }
    let lists = [("snapshots", "snapshot"), ("findings", "finding")];
    show(context, shown, &lists, "name", |_| Ok(report::text(shown, now)))
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
                ("METADATA READ FOR THIS", bytes(estimate.metadata_bytes)),
                ("DATA REQUESTS", estimate.data_requests.to_string()),
                ("DATA", bytes(estimate.data_bytes)),
                ("STRUCTURE BESIDE IT", bytes(estimate.structure_bytes)),
                ("BLOBS", estimate.blobs.to_string()),
                ("BLOBS KNOWN BY THE LEDGER", estimate.blobs_by_ledger.to_string()),
            ]
            .into_iter(),
        ))
    })
}
