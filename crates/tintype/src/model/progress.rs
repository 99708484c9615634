//! How far a running operation is. Never interpolated: engines count a file only when it is complete.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a running operation is, as the engine last said it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Progress {
    /// `preparing` (the engine does not know the total yet), `running` or `finalizing`.
    pub phase: Phase,
    /// When the engine was asked.
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
    /// Shards in all, done and failed.
    pub shards: ShardCounts,
    /// Bytes of this operation's own (incremental) total; the total is absent while unknown.
    pub bytes: Amount,
    /// Files of this operation's own (incremental) total.
    pub files: Amount,
    /// Bytes a second between the first and the last finished file; absent until a second file is done.
    pub bytes_per_second: Option<f64>,
    /// Seconds to go at that rate; absent until a second file is done.
    pub eta_seconds: Option<f64>,
    /// By index and shard number.
    pub indices: BTreeMap<String, BTreeMap<u32, ShardProgress>>,
}

/// The phase of a running operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The engine does not know the total yet.
    #[default]
    Preparing,
    /// Files are being copied.
    Running,
    /// All files are copied; the engine writes its metadata.
    Finalizing,
}

/// Done out of a total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Amount {
    /// Done so far.
    pub done: u64,
    /// The total; absent while unknown.
    pub total: Option<u64>,
}

/// Shards by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShardCounts {
    /// In all.
    pub total: u32,
    /// Finished.
    pub done: u32,
    /// Failed.
    pub failed: u32,
}

/// One shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShardProgress {
    /// The engine's word for its stage, lower case.
    pub stage: String,
    /// Bytes.
    pub bytes: Amount,
    /// Files.
    pub files: Amount,
}
