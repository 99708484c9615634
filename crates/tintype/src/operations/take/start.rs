//! From a caller's request to a durable operation, and to the engine's first answer.

use super::super::repositories::{Resolved, resolve};
use super::super::step::write_state;
use super::super::{Operations, TakeRequest, Taken, credentials, location};
use crate::error::{Error, Result};
use crate::ids;
use crate::model::take::{TakeParameters, TakeState};
use crate::model::{AccessLevel, Answer, Failure, FailureKind, OperationKind, SnapshotName};
use crate::store::{NameKey, NewOperation, Started};

impl Operations {
    /// Starts a take and waits, within bounds, for the engine's first answer. When the bound passes the intent is
    /// durable, the operation goes on, and this returns as if accepted.
    ///
    /// # Errors
    /// In this order: access level, repository, credentials, idempotency key, name, and what the engine or a look at it refused.
    pub async fn take(&self, request: TakeRequest) -> Result<Taken> {
        request.cluster.allows(AccessLevel::Take, "taking a snapshot")?;
        let resolved = resolve(self, &request.cluster, request.repository.as_ref()).await?;
        if let Some(platform) = resolved.platform.as_ref().filter(|one| one.kind == location::URL) {
            let message = format!(
                "repository {} is of type url, which is only read: no snapshot can be taken into it. Name another one",
                platform.name
            );
            return Err(Error::invalid("repository_name", message));
        }
        if let Some(given) = &request.credentials {
            credentials::check(self, &request.cluster, &resolved, given).await?;
        }
        let name = request.name.clone().map_or_else(|| self.new_name(), Ok)?;
        let new = self.new_take(&request, &resolved, name);
        let mut waiter = self.live().expect_answer(&new.id);
        let operation = match self.begin(&new).await? {
            Started::New(operation) => {
                accepted(self.first_answer(&operation.id, &mut waiter).await?)?;
                operation
            }
            // A retry while the first runs waits for its answer.
            Started::Replayed(operation) => {
                let mut waiter = self.live().expect_answer(&operation.id);
                let first = match &operation.answer {
                    Some(answer) => Some(answer.clone()),
                    None => self.first_answer(&operation.id, &mut waiter).await?,
                };
                drop(waiter);
                accepted(first)?;
                operation
            }
            Started::KeyReused => return Err(Error::KeyReused),
            Started::NameTaken { operation, burned } => return Err(name_taken(&new, &operation, burned)),
        };
        let name = super::snapshot_name(&operation.parameters)
            .ok_or_else(|| Failure::new(FailureKind::Internal, "the stored parameters cannot be read"))?;
        Ok(Taken {
            operation: operation.id,
            name,
        })
    }

    fn new_name(&self) -> Result<SnapshotName> {
        SnapshotName::try_from(ids::snapshot_name(self.now()))
            .map_err(|error| Error::Internal(Box::new(error)))
    }

    fn new_take(&self, request: &TakeRequest, resolved: &Resolved, name: SnapshotName) -> NewOperation {
        let now = self.now();
        let repository = resolved.engine_name.clone();
        let reserve = NameKey {
            cluster_uuid: request.cluster.uuid.clone(),
            repository: repository.clone(),
            name: name.clone(),
        };
        let platform_repository = resolved.platform.as_ref().map(|platform| platform.name.clone());
        NewOperation {
            id: ids::time_ordered(now),
            kind: OperationKind::TakeSnapshot,
            cluster_id: request.cluster.id.clone(),
            requested_by: request.requested_by.clone(),
            parameters: serde_json::json!(TakeParameters {
                name,
                repository,
                platform_repository
            }),
            state: write_state(&TakeState::Preparing),
            reserve: Some(reserve),
            idempotency: request.idempotency.clone(),
            now,
        }
    }
}

/// No answer within the bound counts as accepted: the intent is durable.
fn accepted(answer: Option<Answer>) -> Result<()> {
    match answer {
        Some(Answer::Refused(failure)) => Err(failure.into()),
        Some(Answer::Accepted) | None => Ok(()),
    }
}

fn name_taken(new: &NewOperation, operation: &str, burned: bool) -> Error {
    let name = super::snapshot_name(&new.parameters)
        .map(|name| name.to_string())
        .unwrap_or_default();
    let message = if burned {
        format!(
            "the snapshot name {name:?} was used by operation {operation} and is never used again: a late request \
             could bring that snapshot back. Choose another name"
        )
    } else {
        format!("the snapshot {name:?} is being taken by operation {operation}. Choose another name")
    };
    Failure::new(FailureKind::NameConflict, message).into()
}
