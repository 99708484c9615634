//! Verifying what a platform repository's storage holds of one cluster, through the repository's reader. No engine is
//! asked, nothing is written there, and what was checked stands in the ledger, so that a crash costs nothing but the rest.

mod attest;
mod ledger;
mod place;
mod report;
mod schedule;
mod start;
mod watch;

pub use place::Place;
pub use start::VerifyRequest;

use super::retry;
use super::step::{Context, Flow, StepResult, Stop, advance, backoff};
use crate::error::Error;
use crate::model::verify::{VerifyParameters, VerifyState};
use crate::model::{Answer, Failure, FailureKind, Status};
use crate::store::Step;
use crate::store::verifications::NewReport;
use attest::{Attested, Attester};
use jiff::{SignedDuration, Timestamp};
use ledger::StoreLedger;
use std::sync::Arc;
use std::time::Duration;
use tintype_repository::repository::{OpenError, Repository};
use tintype_repository::source::Cause;
use tintype_repository::verify::options::Options;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::{Progress, of_a_damaged_root, verify};

/// Requests to the storage at once.
const CONCURRENCY: usize = 8;
/// Times that a storage which does not answer is asked for the root.
const TRIES: u32 = 6;

/// One step of a verification.
pub async fn step(context: &mut Context) -> StepResult {
    let state = match context.state::<VerifyState>() {
        Ok(state) => state,
        Err(failure) => return context.fail(failure, None).await,
    };
    let Ok(parameters) = serde_json::from_value::<VerifyParameters>(context.operation.parameters.clone())
    else {
        let failure = Failure::new(FailureKind::Internal, "the stored parameters cannot be read");
        return context.fail(failure, None).await;
    };
    if context.cancel_requested() {
        return context.end(Status::Cancelled, None, None, None).await;
    }
    let place = match find(context, &parameters).await? {
        Ok(place) => place,
        Err(failure) => return context.fail(failure, None).await,
    };
    match state {
        VerifyState::Preparing => begin(context, &parameters).await,
        VerifyState::Verifying { begun } => read(context, &parameters, &place, begun).await,
    }
}

/// Where to look. Inner: it cannot be looked at any more.
async fn find(context: &Context, parameters: &VerifyParameters) -> Result<Result<Place, Failure>, Stop> {
    let operations = &context.operations;
    let cluster_id = &context.operation.cluster_id;
    let Some(cluster) = operations.store().cluster(cluster_id).await? else {
        let message = format!("cluster {cluster_id} is not attached any more");
        return Ok(Err(Failure::new(FailureKind::Internal, message)));
    };
    let found = async {
        let platform = operations.platform(&parameters.repository).await?;
        Place::find(operations, &platform, &cluster).await
    };
    Ok(found.await.map_err(|error| match error {
        Error::Internal(source) => Failure::new(FailureKind::Internal, source.to_string()),
        other => Failure::new(FailureKind::RepositoryNotFound, other.to_string()),
    }))
}

async fn begin(context: &mut Context, parameters: &VerifyParameters) -> StepResult {
    let begun = context.now();
    let message = format!("verify {} as its reader shows it", parameters.repository);
    let mut step = advance(&VerifyState::Verifying { begun }, "intent", message);
    step.answer = Some(Answer::Accepted);
    context.commit("intent", step).await?;
    Ok(Flow::Again)
}

async fn read(
    context: &mut Context,
    parameters: &VerifyParameters,
    place: &Place,
    begun: Timestamp,
) -> StepResult {
    let progress = Arc::<Progress>::default();
    let look = look(context, parameters, place, begun, &progress);
    let watched = watch::watch(context, look, &progress);
    let looked = context.call("verify", watched).await?;
    if context.cancel_requested() {
        return context.end(Status::Cancelled, None, None, None).await;
    }
    let (report, attested) = match looked {
        Ok(looked) => looked,
        Err(error) => {
            let (asked, ended) = (options(parameters, begun, begun), context.now());
            match of_a_damaged_root(&error, &place.url, &asked, ended.as_millisecond()) {
                Some(report) => (report, Attested::default()),
                None => return not_looked_at(context, error).await,
            }
        }
    };
    keep(context, parameters, place, report, attested).await
}

/// The look itself, on a thread of its own: a directory is read with calls that block.
fn look(
    context: &Context,
    parameters: &VerifyParameters,
    place: &Place,
    begun: Timestamp,
    progress: &Arc<Progress>,
) -> watch::Look {
    let (place, progress) = (place.clone(), Arc::clone(progress));
    let options = options(parameters, begun, context.now());
    let store = &context.operations.0.store;
    let ledger = Arc::new(StoreLedger::new(Arc::clone(store)));
    let attester = parameters.options.attest.then(|| Attester {
        store: Arc::clone(store),
        cluster: context.operation.cluster_id.clone(),
        operation: context.operation.id.clone(),
    });
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            let repository = Arc::new(Repository::open(place.open()?).await?);
            let report = verify(Arc::clone(&repository), options, ledger, Arc::clone(&progress)).await;
            let attested = match attester {
                None => Attested::default(),
                Some(attester) => attester.attest(&place, &repository, &report, &progress).await,
            };
            Ok((report, attested))
        })
    })
}

fn options(parameters: &VerifyParameters, begun: Timestamp, now: Timestamp) -> Options {
    let asked = &parameters.options;
    let age = SignedDuration::from_secs(
        asked
            .max_age_seconds
            .map_or(0, |age| i64::try_from(age).unwrap_or(i64::MAX)),
    );
    // What was checked since this operation began counts in any case: that is how it goes on after a crash.
    let since = begun.saturating_sub(age).unwrap_or(Timestamp::MIN);
    Options {
        level: asked.level,
        structure: asked.structure,
        snapshots: asked.snapshots.clone(),
        indices: asked.indices.clone(),
        latest: asked.latest,
        since: Some(since.as_millisecond()),
        budget_bytes: asked.budget_bytes,
        budget_time: asked.budget_seconds.map(Duration::from_secs),
        rate: asked.bytes_per_second,
        subset: None,
        concurrency: CONCURRENCY,
        now: now.as_millisecond(),
    }
}

/// The report and its proofs first, then the end: after a crash in between they are made again, from the ledger.
async fn keep(
    context: &mut Context,
    parameters: &VerifyParameters,
    place: &Place,
    report: Report,
    attested: Attested,
) -> StepResult {
    let mut outcome = report::outcome(parameters, &report, attested.count);
    outcome.notes.extend(attested.problems);
    let proofs = report::proofs(parameters, &report, &context.operation.id);
    let whole = report.complete && parameters.options.is_whole();
    let root_lost = report::root_lost(&report);
    let document = match report::document(report) {
        Ok(document) => document,
        Err(error) => {
            let failure = Failure::new(FailureKind::Internal, error.to_string());
            return context.fail(failure, None).await;
        }
    };
    let report = NewReport {
        operation: context.operation.id.clone(),
        repository: parameters.repository.clone(),
        cluster: context.operation.cluster_id.clone(),
        location: place.location.clone(),
        document,
        proofs,
        whole,
        root_lost,
    };
    context.operations.store().put_report(&report).await?;
    if !outcome.good {
        tracing::warn!(
            repository = %parameters.repository,
            verdict = ?outcome.state,
            errors = outcome.errors,
            "a verification did not prove that every snapshot can be restored"
        );
    }
    let outcome = serde_json::json!(outcome);
    context.end(Status::Succeeded, Some(outcome), None, None).await
}

/// Nothing could be looked at. A storage that does not answer is asked again for a while.
async fn not_looked_at(context: &mut Context, error: OpenError) -> StepResult {
    let words = error.to_string();
    let kind = match &error {
        OpenError::Source(source) => match source.cause {
            Cause::Unavailable if context.operation.attempts + 1 < TRIES => {
                let pause = backoff(context.operation.attempts, retry::FIRST, retry::MOST);
                let step = Step {
                    events: vec![("not_read", words)],
                    ..Step::default()
                };
                return context.wait(pause, step).await;
            }
            Cause::Denied => FailureKind::InvalidCredentials,
            Cause::Missing | Cause::NoStore => FailureKind::RepositoryNotFound,
            _ => FailureKind::StorageUnreadable,
        },
        OpenError::NotARepository(_) => FailureKind::RepositoryNotFound,
        OpenError::RootLost { .. } | OpenError::Root { .. } => FailureKind::StorageUnreadable,
    };
    context.fail(Failure::new(kind, words), None).await
}
