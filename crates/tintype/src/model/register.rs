//! Creating a registration that is missing on an engine.

use super::RepositoryName;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is asked: a registration as the engine will know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterParameters {
    /// The platform repository it comes from.
    pub platform_repository: RepositoryName,
    /// Its name on the engine.
    pub name: RepositoryName,
    /// The type, such as `fs`.
    pub kind: String,
    /// The settings, the cluster's own location included. No secrets.
    pub settings: Map<String, Value>,
}

/// The states of a registration, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum RegisterState {
    /// Nothing sent. Looks whether the name is free and the location has no other writer.
    Preparing,
    /// The intent is committed; the request may have been sent.
    Registering,
    /// Registered; the engine is asked to verify it.
    Verifying,
}
