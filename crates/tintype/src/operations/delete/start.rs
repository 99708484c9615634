//! From a caller's request to a durable delete: the proof that the snapshot is Tintype's.

use super::super::repositories::resolve;
use super::super::step::write_state;
use super::super::{DeleteRequest, Operations, looks};
use crate::error::{Error, Missing, Result};
use crate::ids;
use crate::model::delete::{DeleteParameters, DeleteState};
use crate::model::{AccessLevel, Failure, FailureKind, Operation, OperationKind, RepositoryName};
use crate::store::NewOperation;

impl Operations {
    /// Starts a delete and waits, within bounds, until the looks allow or forbid it. Then the DELETE goes on by itself.
    ///
    /// # Errors
    /// `NotFound`; `Failed` when it is not Tintype's own, in use, or the engine cannot be asked.
    pub async fn delete_snapshot(&self, request: DeleteRequest) -> Result<Operation> {
        request
            .cluster
            .allows(AccessLevel::Operate, "deleting a snapshot")?;
        let resolved = resolve(self, &request.cluster, Some(&request.repository)).await?;
        let parameters = self.prove(&request, resolved.engine_name).await?;
        let now = self.now();
        let new = NewOperation {
            id: ids::time_ordered(now),
            kind: OperationKind::DeleteSnapshot,
            cluster_id: request.cluster.id,
            requested_by: request.requested_by,
            parameters: serde_json::json!(parameters),
            state: write_state(&DeleteState::Preparing),
            reserve: None,
            idempotency: None,
            now,
        };
        self.begin_answered(&new).await
    }

    /// The row that burned the name, and the uuid that its operation recorded.
    async fn prove(&self, request: &DeleteRequest, repository: RepositoryName) -> Result<DeleteParameters> {
        let shown = format!("{repository}/{}", request.snapshot);
        let names = self.store().names(&request.cluster.uuid, &repository).await?;
        let Some(made_by) = names.get(&request.snapshot).cloned() else {
            return Err(self.not_made_here(request, &repository).await?);
        };
        let maker = self.operation(&made_by).await?;
        if !maker.status.is_terminal() {
            let message = format!(
                "{shown} is being taken by operation {made_by}. To stop that: `tintype operation cancel {made_by}`"
            );
            return Err(Failure::new(FailureKind::InUse, message).into());
        }
        let not_ours = |why: String| Failure::new(FailureKind::NotOurs, format!("{shown} {why}"));
        let Some(uuid) = recorded_uuid(&maker) else {
            let why = format!(
                "cannot be proved to be Tintype's: operation {made_by}, which used its name, recorded no uuid"
            );
            return Err(not_ours(why).into());
        };
        match &request.uuid {
            Some(asked) if *asked != uuid => {
                let why = format!("was made by Tintype with the uuid {uuid}, not {asked}. It is left alone");
                Err(not_ours(why).into())
            }
            _ => Ok(DeleteParameters {
                repository,
                snapshot: request.snapshot.clone(),
                uuid,
                made_by,
            }),
        }
    }

    /// Not there, or somebody else's.
    async fn not_made_here(&self, request: &DeleteRequest, repository: &RepositoryName) -> Result<Error> {
        let engine = self.engines().of(&request.cluster).await??;
        let name = &request.snapshot;
        let found = match engine.snapshot(repository.as_str(), name.as_str()).await {
            Err(error) if error.is_missing_repository() => None,
            other => other.map_err(|error| looks::failure(&error, &request.cluster))?,
        };
        Ok(match found {
            None => Error::missing(
                Missing::Snapshot,
                format!("there is no snapshot {name} in {repository}"),
            ),
            Some(_) => {
                let message = format!(
                    "{repository}/{name} was not made by this Tintype, which deletes only what it made. It is left alone"
                );
                Failure::new(FailureKind::NotOurs, message).into()
            }
        })
    }
}

/// What a take recorded of its snapshot, in its outcome or, when its end was not seen, in its state.
fn recorded_uuid(maker: &Operation) -> Option<String> {
    let outcome = maker.outcome.as_ref().and_then(|outcome| outcome.get("uuid"));
    let found = outcome
        .filter(|uuid| !uuid.is_null())
        .or_else(|| maker.state.pointer("/state/uuid"))?;
    found.as_str().map(str::to_owned)
}
