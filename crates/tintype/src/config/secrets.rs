//! `[secrets]`: the key that seals secrets in the database.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The key that seals secrets in the database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    /// The key's file, mode 0600; `Config::key_file` reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}
