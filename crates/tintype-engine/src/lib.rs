//! A client for the REST API of Elasticsearch 6 to 9 and OpenSearch 1 to 3, for whoever has to know what became of a request.
//!
//! Every failure says whether the engine was reached ([`Error::NotSent`]), answered no ([`Error::Refused`]), or may have
//! carried the request out ([`Error::Unknown`]); a change is sent only at the [`Access`] level that allows it, and only
//! after the cluster's uuid was read on the same connection. Differences between engines live in [`dialect`].

pub mod address;
mod config;
mod engine;
mod error;

mod api;
pub mod dialect;
mod wire;

pub use api::checks::Privileges;
pub use api::cluster::{Health, HealthStatus, Identity, Node, Shard};
pub use api::indices::IndexSummary;
pub use api::policies::{Policy, PolicyRun};
pub use api::recovery::ShardRecovery;
pub use api::rename::RenameError;
pub use api::repositories::{Registration, VerifiedNode};
pub use api::restore::Restore;
pub use api::snapshots::{Accepted, CreateSnapshot, ShardFailure, SnapshotInfo, SnapshotState};
pub use api::status::{Count, Files, IndexProgress, ShardCounts, ShardProgress, SnapshotProgress};
pub use api::uses::{Mount, SnapshotUses};
pub use config::{Access, Auth, ClientIdentity, ConfigError, EngineConfig, Limits, Tls, Trust};
pub use dialect::{Dialect, Distribution, PolicyApi, Version};
pub use engine::{Engine, OnError};
pub use error::{CallSite, Error, Lost, NotSent, Refusal, storage_denied};
