//! The ways in which one engine writes a repository.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engines::{EngineKind, EngineRow};

/// A file longer than this is written in parts.
const CHUNK: &str = "2kb";

/// How a repository is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Metadata as plain SMILE.
    Plain,
    /// Metadata as DEFLATE.
    Deflate,
    /// Metadata as ZSTD (OpenSearch since 2.9).
    Zstd,
    /// Files in parts.
    Chunked,
    /// Shards under a hash at the store's root, beside the base path (OpenSearch since 2.17).
    HashedPrefix,
    /// Shards under a hash inside the base path (OpenSearch since 2.17).
    HashedInfix,
    /// A base path, and shards where they always were, said explicitly (OpenSearch since 2.17).
    Based,
}

impl Form {
    /// The forms that an engine knows.
    pub fn of(row: &EngineRow) -> Vec<Self> {
        let mut forms = vec![Self::Plain, Self::Deflate, Self::Chunked];
        if row.kind == EngineKind::OpenSearch && !row.version.starts_with("1.") {
            forms.extend([Self::Zstd, Self::HashedPrefix, Self::HashedInfix, Self::Based]);
        }
        forms
    }

    /// As in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::Chunked => "chunked",
            Self::HashedPrefix => "hashed_prefix",
            Self::HashedInfix => "hashed_infix",
            Self::Based => "based",
        }
    }

    /// The base path under the location; empty for none.
    pub fn base(self) -> &'static str {
        match self {
            Self::HashedPrefix | Self::HashedInfix => "backups",
            Self::Based => "backups/of all",
            _ => "",
        }
    }

    /// The settings of its registration, beside the location.
    pub(super) fn settings(self) -> Value {
        let mut settings = match self {
            Self::Plain => json!({"compress": false}),
            Self::Deflate => json!({"compress": true}),
            Self::Zstd => json!({"compress": true, "compression_type": "zstd"}),
            Self::Chunked => json!({"compress": true, "chunk_size": CHUNK}),
            // On OpenSearch 3 the prefix is the default, which the others of its repositories show.
            Self::HashedPrefix => json!({"compress": false, "shard_path_type": "HASHED_PREFIX"}),
            Self::HashedInfix => json!({"compress": true, "shard_path_type": "HASHED_INFIX"}),
            Self::Based => json!({"compress": false, "shard_path_type": "FIXED"}),
        };
        if !self.base().is_empty() {
            settings["base_path"] = self.base().into();
        }
        settings
    }
}
