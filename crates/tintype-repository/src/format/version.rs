//! Versions of engines as repositories write them, and which engines can open a repository or restore an index.

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

impl std::fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}.{}.{}", self.product, self.major, self.minor, self.patch)
    }
}

/// TEMP
pub fn writer(_root: &super::root::RootSnapshot, _own: Option<&super::snapshot::Snapshot>) -> Option<EngineVersion> {
    None
}

/// TEMP
pub fn of_created(_created: i64) -> Option<EngineVersion> {
    None
}
