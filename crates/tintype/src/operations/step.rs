//! One leased operation in its owner's hands: commits, engine calls and the points between them.

use super::{Operations, failpoint};
use crate::model::{Answer, Failure, Operation, STATE_VERSION, Status};
use crate::store::{Leased, NameFate, Step, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How a step went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The next step is due now.
    Again,
    /// The lease is given back, or the operation has ended.
    Yield,
}

/// Why its owner must let go of an operation: nothing more may be done under this lease.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Another owner has the lease.
    #[error("the lease was lost")]
    LeaseLost,
    /// The instance is stopping.
    #[error("this instance is stopping")]
    Shutdown,
    /// The store failed; the lease runs out and the step is looked at again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A step's result.
pub type StepResult = Result<Flow, Stop>;

/// One leased operation.
#[derive(Debug)]
pub struct Context {
    /// The product's parts.
    pub operations: Operations,
    /// The operation as last committed.
    pub operation: Operation,
    token: i64,
    shutdown: CancellationToken,
}

impl Context {
    /// Takes a leased operation in hand.
    pub fn new(operations: Operations, leased: Leased, shutdown: CancellationToken) -> Self {
        Self {
            operations,
            operation: leased.operation,
            token: leased.token,
            shutdown,
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.operations.now()
    }

    /// The kind's state.
    ///
    /// # Errors
    /// A state that this version does not know: a newer Tintype wrote it.
    pub fn state<S: DeserializeOwned>(&self) -> Result<S, Failure> {
        read_state(&self.operation.state)
    }

    /// Commits a step under the lease. `label` names it for the failpoints.
    ///
    /// # Errors
    /// The lease was lost, or the store failed: nothing is committed.
    pub async fn commit(&mut self, label: &str, step: Step) -> Result<(), Stop> {
        let kind = self.operation.kind;
        failpoint::pass(kind, label, "commit.before");
        let now = self.now();
        if !self
            .operations
            .store()
            .commit_step(&self.operation.id, self.token, &step, now)
            .await?
        {
            return Err(Stop::LeaseLost);
        }
        failpoint::pass(kind, label, "commit.after");
        self.apply(step, now);
        Ok(())
    }

    /// Calls the engine. `label` names the call for the failpoints.
    pub async fn call<T>(&self, label: &str, call: impl Future<Output = T>) -> T {
        failpoint::pass(self.operation.kind, label, "call.before");
        let result = call.await;
        failpoint::pass(self.operation.kind, label, "call.after");
        result
    }

    /// Tells those who wait for the first answer, ahead of the commit that keeps it.
    pub fn tell(&self, answer: &Answer) {
        self.operations.live().answer(&self.operation.id, answer);
    }

    /// Ends the operation as failed.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn fail(&mut self, failure: Failure, name: Option<NameFate>) -> StepResult {
        self.end(Status::Failed, None, Some(failure), name).await
    }

    /// Ends the operation.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn end(
        &mut self,
        status: Status,
        outcome: Option<Value>,
        failure: Option<Failure>,
        name: Option<NameFate>,
    ) -> StepResult {
        let (word, message) = match &failure {
            Some(failure) => ("failed", failure.message.clone()),
            None if status == Status::Cancelled => ("cancelled", "cancelled".to_owned()),
            None => ("succeeded", "done and read back".to_owned()),
        };
        let answer = failure.clone().map(Answer::Refused);
        let step = Step {
            status: Some(status),
            answer,
            outcome,
            failure,
            name,
            events: vec![(word, message)],
            ..Step::default()
        };
        self.commit("end", step).await?;
        Ok(Flow::Yield)
    }

    /// Gives the lease back until `delay` has passed, counting the attempt.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn wait(&mut self, delay: Duration, mut step: Step) -> StepResult {
        let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
        step.wait_until = Some(self.now().saturating_add(delay).unwrap_or(Timestamp::MAX));
        step.attempts = Some(step.attempts.unwrap_or(self.operation.attempts + 1));
        self.commit("wait", step).await?;
        Ok(Flow::Yield)
    }

    /// Sleeps under the lease.
    ///
    /// # Errors
    /// `Shutdown` when the instance stops meanwhile.
    pub async fn sleep(&self, delay: Duration) -> Result<(), Stop> {
        tokio::select! {
            () = self.shutdown.cancelled() => Err(Stop::Shutdown),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    /// Somebody asked to cancel the operation.
    pub fn cancel_requested(&self) -> bool {
        self.operation.cancel_requested || self.operations.live().is_cancelled(&self.operation.id)
    }

    /// Forgets, under this lease, that somebody asked to cancel.
    pub fn drop_cancel(&mut self) {
        self.operation.cancel_requested = false;
        self.operations.live().forget(&self.operation.id);
    }

    fn apply(&mut self, step: Step, now: Timestamp) {
        let operation = &mut self.operation;
        if let Some(answer) = &step.answer {
            let first = operation.answer.get_or_insert_with(|| answer.clone());
            self.operations.live().answer(&operation.id, first);
        }
        if let Some(state) = step.state {
            operation.state = state;
        }
        if let Some(attempts) = step.attempts {
            operation.attempts = attempts;
        }
        if let Some(status) = step.status {
            operation.status = status;
        }
        operation.updated_at = now;
    }
}

/// A state as it is persisted: with the version of its meaning.
pub fn write_state<S: Serialize>(state: &S) -> Value {
    json!({ "version": STATE_VERSION, "state": state })
}

/// Reads a persisted state.
///
/// # Errors
/// `Internal` for a version or a step that this Tintype does not know.
pub fn read_state<S: DeserializeOwned>(stored: &Value) -> Result<S, Failure> {
    let version = stored.get("version").and_then(Value::as_u64);
    if version != Some(u64::from(STATE_VERSION)) {
        return Err(unknown_state(&format!(
            "its version is {version:?}, this Tintype knows {STATE_VERSION}"
        )));
    }
    S::deserialize(&stored["state"]).map_err(|error| unknown_state(&error.to_string()))
}

fn unknown_state(why: &str) -> Failure {
    Failure::new(
        crate::model::FailureKind::Internal,
        format!("the operation's stored state cannot be read ({why}); nothing was done with it"),
    )
}

/// A step to another state, with its first attempt, that logs why.
pub fn advance<S: Serialize>(state: &S, event: &'static str, message: impl Into<String>) -> Step {
    Step {
        state: Some(write_state(state)),
        attempts: Some(0),
        events: vec![(event, message.into())],
        ..Step::default()
    }
}

/// A pause that doubles from `first` with each attempt, up to `most`.
pub fn backoff(attempt: u32, first: Duration, most: Duration) -> Duration {
    first
        .saturating_mul(2u32.saturating_pow(attempt.min(16)))
        .min(most)
}
