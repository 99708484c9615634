//! What every step of an operation on one cluster works with.

use super::step::{Context, Stop};
use crate::model::{Cluster, Failure, FailureKind};
use serde::de::DeserializeOwned;
use tintype_engine::Engine;

/// A leased operation's cluster, its engine, and what was asked.
pub struct Job<P> {
    /// The cluster as it is now.
    pub cluster: Cluster,
    /// Its engine's client.
    pub engine: Engine,
    /// What was asked.
    pub parameters: P,
}

impl<P: DeserializeOwned> Job<P> {
    /// Of the operation that `context` carries.
    ///
    /// # Errors
    /// Outer: the store failed. Inner: the cluster is gone or its settings cannot work, or the parameters are unreadable.
    pub async fn load(context: &Context) -> Result<Result<Self, Failure>, Stop> {
        let operation = &context.operation;
        let Ok(parameters) = serde_json::from_value(operation.parameters.clone()) else {
            return Ok(Err(internal("the stored parameters cannot be read")));
        };
        let operations = &context.operations;
        let Some(cluster) = operations.store().cluster(&operation.cluster_id).await? else {
            let message = format!("cluster {} is not attached any more", operation.cluster_id);
            return Ok(Err(internal(message)));
        };
        let engine = operations.engines().of(&cluster).await?;
        Ok(engine.map(|engine| Self {
            cluster,
            engine,
            parameters,
        }))
    }
}

fn internal(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Internal, message)
}
