//! Where the engines differ. Each method states one difference and the versions that it holds for.

use std::fmt;
use std::str::FromStr;

/// Whose engine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Elastic's.
    Elasticsearch,
    /// The OpenSearch project's.
    OpenSearch,
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elasticsearch => "Elasticsearch",
            Self::OpenSearch => "OpenSearch",
        })
    }
}

/// A version; qualifiers such as `-SNAPSHOT` are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The major number.
    pub major: u16,
    /// The minor number.
    pub minor: u16,
    /// The patch number.
    pub patch: u16,
}

impl Version {
    /// The version `major.minor.patch`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text is not a version of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a version such as 8.17.0")]
pub struct NotAVersion;

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let numbers = text.split(['-', '+']).next().unwrap_or_default();
        let mut parts = numbers
            .split('.')
            .map(|part| part.parse::<u16>().map_err(|_| NotAVersion));
        let mut next = || parts.next().unwrap_or(Err(NotAVersion));
        let version = Self::new(next()?, next()?, next()?);
        if parts.next().is_some() {
            Err(NotAVersion)
        } else {
            Ok(version)
        }
    }
}

/// How an engine's own snapshot policies are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyApi {
    /// Elasticsearch's snapshot lifecycle management.
    Slm,
    /// OpenSearch's snapshot management, a part of its index management plugin.
    Sm,
}

/// One engine's way of speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whose engine it is.
    pub distribution: Distribution,
    /// Its version; of a mixed cluster the lowest.
    pub version: Version,
}

impl Dialect {
    /// How many snapshots may run at once; `None`: the engine's own limit is enough. One on Elasticsearch before 7.9,
    /// which refuses a second, and on 7.9.0 to 7.13.0, which can lose shard data when an index is deleted during
    /// concurrent snapshots.
    pub fn max_concurrent_snapshots(&self) -> Option<u32> {
        self.elasticsearch_before(7, 13, 1).then_some(1)
    }

    /// The engine keeps the `metadata` of a snapshot: not Elasticsearch before 7.3, which drops it silently.
    pub fn keeps_metadata(&self) -> bool {
        !self.elasticsearch_before(7, 3, 0)
    }

    /// `expand_wildcards: all` may be asked of a snapshot, so that closed and hidden indices are included: not on
    /// Elasticsearch before 7.2, where a closed index has no shards to snapshot and is answered with 403.
    pub fn expands_wildcards(&self) -> bool {
        !self.elasticsearch_before(7, 2, 0)
    }

    /// `GET _snapshot/R/_all` takes `size`, `sort` and `after`: Elasticsearch since 7.16. All others answer 400.
    pub fn pages_snapshots(&self) -> bool {
        self.distribution == Distribution::Elasticsearch && self.version >= Version::new(7, 16, 0)
    }

    /// The engine's own snapshot policies: SLM came with Elasticsearch 7.4, SM with OpenSearch 2.1. A distribution may
    /// lack the module behind them.
    pub fn policies(&self) -> Option<PolicyApi> {
        match self.distribution {
            Distribution::Elasticsearch => (!self.elasticsearch_before(7, 4, 0)).then_some(PolicyApi::Slm),
            Distribution::OpenSearch => (self.version >= Version::new(2, 1, 0)).then_some(PolicyApi::Sm),
        }
    }

    /// The parameter that bounds the wait for the elected master: renamed by OpenSearch 2.0.
    pub fn master_timeout(&self) -> &'static str {
        if self.opensearch_2() {
            "cluster_manager_timeout"
        } else {
            "master_timeout"
        }
    }

    /// The cluster state's metric, and member of its answer, that names the elected master: renamed by OpenSearch 2.0.
    pub fn master_metric(&self) -> &'static str {
        if self.opensearch_2() {
            "cluster_manager_node"
        } else {
            "master_node"
        }
    }

    fn opensearch_2(&self) -> bool {
        self.distribution == Distribution::OpenSearch && self.version.major >= 2
    }

    fn elasticsearch_before(&self, major: u16, minor: u16, patch: u16) -> bool {
        self.distribution == Distribution::Elasticsearch && self.version < Version::new(major, minor, patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elasticsearch(version: &str) -> Dialect {
        Dialect {
            distribution: Distribution::Elasticsearch,
            version: version.parse().unwrap(),
        }
    }

    fn opensearch(version: &str) -> Dialect {
        Dialect {
            distribution: Distribution::OpenSearch,
            version: version.parse().unwrap(),
        }
    }

    #[test]
    fn versions_parse_and_order() {
        assert_eq!("8.17.0-SNAPSHOT".parse(), Ok(Version::new(8, 17, 0)));
        assert!(Version::new(7, 9, 0) < Version::new(7, 10, 0));
        for bad in ["", "8", "8.17", "8.17.0.1", "8.x.0", "-1.0.0"] {
            assert_eq!(bad.parse::<Version>(), Err(NotAVersion), "{bad}");
        }
    }

    #[test]
    fn elasticsearch_takes_one_snapshot_at_a_time_until_concurrent_ones_are_safe() {
        for (version, limit) in [
            ("6.8.23", Some(1)),
            ("7.9.0", Some(1)),
            ("7.13.0", Some(1)),
            ("7.13.1", None),
        ] {
            assert_eq!(
                elasticsearch(version).max_concurrent_snapshots(),
                limit,
                "{version}"
            );
        }
        assert_eq!(opensearch("1.3.0").max_concurrent_snapshots(), None);
    }

    #[test]
    fn each_family_pages_and_names_parameters_its_own_way() {
        assert!(elasticsearch("7.17.29").pages_snapshots());
        assert!(!elasticsearch("6.8.23").pages_snapshots());
        assert!(!opensearch("3.3.2").pages_snapshots());
        assert_eq!(elasticsearch("9.2.0").master_timeout(), "master_timeout");
        assert_eq!(opensearch("1.3.0").master_timeout(), "master_timeout");
        assert_eq!(opensearch("2.19.0").master_timeout(), "cluster_manager_timeout");
    }

    #[test]
    fn policies_came_with_7_4_and_2_1() {
        assert_eq!(elasticsearch("7.3.2").policies(), None);
        assert_eq!(elasticsearch("7.4.0").policies(), Some(PolicyApi::Slm));
        assert_eq!(opensearch("2.0.1").policies(), None);
        assert_eq!(opensearch("2.1.0").policies(), Some(PolicyApi::Sm));
    }

    #[test]
    fn version_6_8_keeps_no_metadata_and_snapshots_no_closed_index() {
        let old = elasticsearch("6.8.23");
        assert!(!old.keeps_metadata() && !old.expands_wildcards());
        let new = elasticsearch("7.17.29");
        assert!(new.keeps_metadata() && new.expands_wildcards());
    }
}
