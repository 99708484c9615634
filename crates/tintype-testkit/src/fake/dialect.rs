//! What differs between the engines, as seen on real ones.

/// Which engine a fake speaks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Elasticsearch 6.8.23.
    Es6,
    /// Elasticsearch 7.17.29.
    Es7,
    /// Elasticsearch 8.17.0.
    Es8,
    /// Elasticsearch 9.2.0.
    Es9,
    /// OpenSearch 1.3.0.
    Os1,
    /// OpenSearch 2.19.0.
    Os2,
    /// OpenSearch 3.3.2.
    Os3,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 7] = [
        Self::Es6,
        Self::Es7,
        Self::Es8,
        Self::Es9,
        Self::Os1,
        Self::Os2,
        Self::Os3,
    ];

    /// The version it claims.
    pub fn version(self) -> &'static str {
        match self {
            Self::Es6 => "6.8.23",
            Self::Es7 => "7.17.29",
            Self::Es8 => "8.17.0",
            Self::Es9 => "9.2.0",
            Self::Os1 => "1.3.0",
            Self::Os2 => "2.19.0",
            Self::Os3 => "3.3.2",
        }
    }

    /// Whether it is OpenSearch.
    pub fn is_opensearch(self) -> bool {
        matches!(self, Self::Os1 | Self::Os2 | Self::Os3)
    }

    /// OpenSearch sets a mask bit in the version's number; 136407827 is 2.19.0.
    pub(super) fn version_id(self) -> u64 {
        match self {
            Self::Es6 => 6_082_399,
            Self::Es7 => 7_172_999,
            Self::Es8 => 8_521_000,
            Self::Es9 => 9_039_001,
            Self::Os1 => 0x0800_0000 ^ 1_030_099,
            Self::Os2 => 0x0800_0000 ^ 2_190_099,
            Self::Os3 => 0x0800_0000 ^ 3_030_299,
        }
    }

    /// Only Elasticsearch 7.14 and later page listings and name each snapshot's repository.
    pub(super) fn pages(self) -> bool {
        matches!(self, Self::Es7 | Self::Es8 | Self::Es9)
    }

    pub(super) fn name_taken_error(self) -> &'static str {
        match self {
            Self::Es8 | Self::Es9 => "snapshot_name_already_in_use_exception",
            _ => "invalid_snapshot_name_exception",
        }
    }

    /// 6.8 and OpenSearch up to 2 report a total of 0 until the first file is done.
    pub(super) fn hides_first_total(self) -> bool {
        matches!(self, Self::Es6 | Self::Os1 | Self::Os2)
    }

    /// Whether a snapshot without `expand_wildcards` takes closed indices.
    pub(super) fn takes_closed(self) -> bool {
        matches!(self, Self::Es8 | Self::Es9)
    }

    /// Whether a repository may be registered anew while a snapshot runs from it.
    pub(super) fn reregisters_while_busy(self) -> bool {
        !matches!(self, Self::Es6 | Self::Os1 | Self::Os2 | Self::Os3)
    }
}
