//! `[store]`: the database.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The database's file; `Config::store_path` reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}
