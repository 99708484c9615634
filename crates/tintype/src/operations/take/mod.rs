//! Taking a snapshot: prepare, create, watch, judge.
//!
//! The states are [`TakeState`]; `docs/operations.md` draws them. At most one snapshot per operation comes from its
//! name, which is reserved before anything is sent and burned once it may have existed.

mod cancel;
mod create;
mod judge;
mod prepare;
mod start;
mod watch;

use super::job;
use super::step::{Context, StepResult};
use crate::model::SnapshotName;
use crate::model::take::{TakeParameters, TakeState};
use crate::store::NameFate;
use serde_json::Value;
use tintype_engine::{Error, SnapshotInfo};

/// One step of a take.
pub async fn step(context: &mut Context) -> StepResult {
    let state = match context.state::<TakeState>() {
        Ok(state) => state,
        Err(failure) => return context.fail(failure, Some(NameFate::Burned)).await,
    };
    let take = match Take::load(context).await? {
        Ok(take) => take,
        Err(failure) => {
            let fate = if may_exist(&state) {
                NameFate::Burned
            } else {
                NameFate::Free
            };
            return context.fail(failure, Some(fate)).await;
        }
    };
    match state {
        TakeState::Preparing => prepare::prepare(context, &take).await,
        TakeState::Registering => prepare::register(context, &take).await,
        TakeState::Verifying => prepare::verify(context, &take).await,
        TakeState::Creating(intent) => create::resume(context, &take, intent).await,
        TakeState::Watching(intent) => watch::watch(context, &take, intent).await,
        TakeState::Cancelling(intent) => cancel::abort(context, &take, intent).await,
    }
}

/// A request may have reached the engine.
fn may_exist(state: &TakeState) -> bool {
    matches!(
        state,
        TakeState::Creating(_) | TakeState::Watching(_) | TakeState::Cancelling(_)
    )
}

/// What every step of one take works with.
type Take = job::Job<TakeParameters>;

impl Take {
    fn repository(&self) -> &str {
        self.parameters.repository.as_str()
    }

    fn name(&self) -> &str {
        self.parameters.name.as_str()
    }

    /// The snapshot of exactly our name, whoever made it.
    async fn find(&self) -> Result<Option<SnapshotInfo>, Error> {
        self.engine.snapshot(self.repository(), self.name()).await
    }
}

fn parameters(stored: &Value) -> Result<TakeParameters, serde_json::Error> {
    serde_json::from_value(stored.clone())
}

/// The snapshot's name of a stored take.
pub fn snapshot_name(stored: &Value) -> Option<SnapshotName> {
    parameters(stored).ok().map(|parameters| parameters.name)
}
