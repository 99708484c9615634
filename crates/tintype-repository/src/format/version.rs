//! Versions of engines as repositories write them, and which engines can open a repository or restore an index.

mod compatibility;

pub use compatibility::{opened_by, opened_by_lucene, restored_by, restorers};

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

/// What OpenSearch's version ids are XORed with. `Version.MASK` of OpenSearch.
const OPENSEARCH: i64 = 0x0800_0000;

/// From this id on Elasticsearch counts changes of the index format instead of releases.
/// `IndexVersions.FIRST_DETACHED_INDEX_VERSION` of Elasticsearch 8.11.
const FIRST_INDEX_VERSION: i64 = 8_500_000;

/// The newest index version of each release, in thousands where the releases since 8.13 count so. `IndexVersions.csv` of
/// Elasticsearch 9.2.
const INDEX_VERSIONS: [(i64, u16, u16); 13] = [
    (8_500_003, 8, 11),
    (8_500_999, 8, 12),
    (8_503_999, 8, 13),
    (8_505_999, 8, 14),
    (8_512_999, 8, 15),
    (8_518_999, 8, 16),
    (8_521_999, 8, 17),
    (8_525_999, 8, 18),
    (8_999_999, 8, 19),
    (9_009_999, 9, 0),
    (9_033_999, 9, 1),
    (9_039_999, 9, 2),
    // Newer than this table: the next minor version at least.
    (9_999_999, 9, 3),
];

impl EngineVersion {
    /// From `version_id` of a snapshot, `index.version.created` of an index, or `index_version` of the root; `None`: no engine
    /// has it.
    pub fn from_id(id: i64) -> Option<Self> {
        if id & OPENSEARCH != 0 {
            return Self::numbered(Product::OpenSearch, id ^ OPENSEARCH);
        }
        if id < FIRST_INDEX_VERSION {
            return Self::numbered(Product::Elasticsearch, id);
        }
        let (_, major, minor) = INDEX_VERSIONS.iter().find(|(newest, ..)| id <= *newest)?;
        Some(Self {
            product: Product::Elasticsearch,
            major: *major,
            minor: *minor,
            patch: 0,
        })
    }

    /// An id of two digits each: major, minor, patch and build.
    fn numbered(product: Product, id: i64) -> Option<Self> {
        let digits = |place: i64| u16::try_from(id / place % 100).ok();
        let majors = match product {
            Product::Elasticsearch => 1..=8,
            Product::OpenSearch => 1..=9,
        };
        Some(Self {
            product,
            major: digits(1_000_000).filter(|major| id < 100_000_000 && majors.contains(major))?,
            minor: digits(10_000)?,
            patch: digits(100)?,
        })
    }

    /// From `version` of a snapshot in the root, such as `7.10.2` or `8.0.0-rc1`. OpenSearch is told by its major numbers, since
    /// Elasticsearch has written this only since 7.6.
    pub fn from_text(text: &str) -> Option<Self> {
        let numbers = text.split_once('-').map_or(text, |(numbers, _)| numbers);
        let mut parts = numbers
            .split('.')
            .map(|part| part.parse::<u16>().ok().filter(|part| *part < 100));
        let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
        let product = if major < 5 {
            Product::OpenSearch
        } else {
            Product::Elasticsearch
        };
        parts.next().is_none().then_some(Self {
            product,
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Elasticsearch => "Elasticsearch",
            Self::OpenSearch => "OpenSearch",
        })
    }
}

impl fmt::Display for EngineVersion {
    /// Such as `OpenSearch 2.19.0`; where the patch number is not known, `Elasticsearch 8.17`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            product,
            major,
            minor,
            patch,
        } = self;
        write!(formatter, "{product} {major}.{minor}")?;
        if *product == Product::Elasticsearch && (*major, *minor) >= (8, 11) {
            return Ok(());
        }
        write!(formatter, ".{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: i64) -> String {
        EngineVersion::from_id(id).map_or("none".to_owned(), |version| version.to_string())
    }

    #[test]
    fn ids_of_both_products_are_read() {
        assert_eq!(id(7_100_299), "Elasticsearch 7.10.2");
        assert_eq!(id(6_082_399), "Elasticsearch 6.8.23");
        assert_eq!(id(136_407_827), "OpenSearch 2.19.0");
        assert_eq!(id(137_247_827 ^ 99 ^ 99), id(137_247_827));
        for impossible in [0, -1, 12, 100_000_000, i64::MAX, i64::MIN] {
            assert_eq!(id(impossible), "none", "{impossible}");
        }
    }

    #[test]
    fn index_versions_name_the_release_that_had_them() {
        assert_eq!(id(8_100_499), "Elasticsearch 8.10.4");
        assert_eq!(id(8_500_003), "Elasticsearch 8.11");
        assert_eq!(id(8_500_010), "Elasticsearch 8.12");
        assert_eq!(id(8_521_000), "Elasticsearch 8.17");
        assert_eq!(id(8_519_000), "Elasticsearch 8.17");
        assert_eq!(id(9_009_000), "Elasticsearch 9.0");
        assert_eq!(id(9_039_001), "Elasticsearch 9.2");
    }

    #[test]
    fn texts_of_both_products_are_read() {
        let text = |text| EngineVersion::from_text(text).map(|version| version.to_string());
        assert_eq!(text("7.10.2").as_deref(), Some("Elasticsearch 7.10.2"));
        assert_eq!(text("2.19.0").as_deref(), Some("OpenSearch 2.19.0"));
        assert_eq!(text("8.0.0-rc1").as_deref(), Some("Elasticsearch 8.0.0"));
        for none in ["", "7", "7.1", "7.1.1.1", "a.b.c", "7.100.1", "99999.1.1"] {
            assert_eq!(text(none), None);
        }
    }
}
