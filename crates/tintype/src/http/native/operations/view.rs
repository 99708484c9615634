//! An operation as the native API shows it.

use crate::http::Http;
use crate::http::problem::Result;
use crate::model::{Answer, FailureKind, Operation, OperationKind, Progress, Status};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use utoipa::ToSchema;

/// An operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub struct OperationView {
    /// Sorts by the time of its start.
    pub id: String,
    /// What it does.
    pub kind: OperationKind,
    /// The cluster it works on.
    pub cluster_id: String,
    /// Who asked.
    pub requested_by: String,
    /// What was asked, as its kind defines it.
    #[schema(value_type = Object)]
    pub parameters: Value,
    /// Where it stands.
    pub status: Status,
    /// The step it is at, as its kind defines it.
    pub step: String,
    /// The engine's first answer, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerView>,
    /// What came out, as its kind defines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Value>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Attempts of the present step.
    pub attempts: u32,
    /// How many queued operations go before it; only while queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// Started at.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The last committed step.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Ended at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
    /// How far it is; only while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// The engine's first answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerView {
    /// `accepted` or `refused`.
    pub answer: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
}

/// How something failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailureView {
    /// By what a client can do about it.
    pub kind: FailureKind,
    /// For people; the engine's words included.
    pub message: String,
}

impl From<crate::model::Failure> for FailureView {
    fn from(failure: crate::model::Failure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
        }
    }
}

impl From<Answer> for AnswerView {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Accepted => Self {
                answer: "accepted",
                failure: None,
            },
            Answer::Refused(failure) => Self {
                answer: "refused",
                failure: Some(failure.into()),
            },
        }
    }
}

impl OperationView {
    /// With what only this instance and the queue know about it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new(operation: Operation, http: &Http) -> Result<Self> {
        let positions = positions(std::slice::from_ref(&operation), http).await?;
        Ok(Self::placed(operation, &positions, http))
    }

    /// As [`Self::new`], for a page.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(operations: Vec<Operation>, http: &Http) -> Result<Vec<Self>> {
        let positions = positions(&operations, http).await?;
        let placed = |operation| Self::placed(operation, &positions, http);
        Ok(operations.into_iter().map(placed).collect())
    }

    fn placed(operation: Operation, positions: &HashMap<String, u64>, http: &Http) -> Self {
        let queue_position = positions.get(&operation.id).copied();
        let running = !operation.status.is_terminal();
        Self {
            progress: running
                .then(|| http.app.operations.progress(&operation.id))
                .flatten(),
            step: step(&operation.state),
            id: operation.id,
            kind: operation.kind,
            cluster_id: operation.cluster_id.into(),
            requested_by: operation.requested_by,
            parameters: shown(operation.parameters),
            status: operation.status,
            answer: operation.answer.map(Into::into),
            outcome: operation.outcome,
            failure: operation.failure.map(Into::into),
            cancel_requested: operation.cancel_requested,
            attempts: operation.attempts,
            queue_position,
            created_at: operation.created_at.to_string(),
            updated_at: operation.updated_at.to_string(),
            finished_at: operation.finished_at.map(|at| at.to_string()),
        }
    }
}

/// Where those that are queued stand.
async fn positions(operations: &[Operation], http: &Http) -> Result<HashMap<String, u64>> {
    let queued = operations.iter().filter(|one| one.status == Status::Queued);
    let ids: Vec<&str> = queued.map(|one| one.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(http.app.store.queue_positions(&ids).await?)
}

/// A registration's settings are a repository's contents, which not every role may read; `repository show` has them.
fn shown(mut parameters: Value) -> Value {
    if let Some(members) = parameters.as_object_mut() {
        members.remove("settings");
    }
    parameters
}

/// The kind's own state stays inside; only the name of its step is shown.
fn step(state: &Value) -> String {
    let step = state.pointer("/state/step").and_then(Value::as_str);
    step.unwrap_or_default().to_owned()
}
