//! Versions of engines as repositories write them, and which engines can open a repository or restore an index.

use super::root::Root;
use std::fmt;

/// Which product wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// Elasticsearch.
    Elasticsearch,
    /// OpenSearch.
    OpenSearch,
}

/// An engine's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EngineVersion {
    /// Whose numbers these are.
    pub product: Product,
    /// The major number.
    pub major: u16,
    /// The minor number.
    pub minor: u16,
    /// The patch number; 0 where an index version does not tell it.
    pub patch: u16,
}
