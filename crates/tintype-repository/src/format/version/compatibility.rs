//! Which engines can open a root, an index, or Lucene files.
//!
//! What is said here is what the engines promise. Elasticsearch 8 and 9 can also mount or read older indices as an archive;
//! that is not a restore and not counted.

use super::{EngineVersion, Product};
use crate::format::root::Root;

/// The last Elasticsearch whose snapshots and indices OpenSearch takes over.
const LAST_SHARED: (u16, u16) = (7, 10);

/// Which engines can open the root, in words such as `Elasticsearch 7.12 and later`; none when it has a member that no
/// engine known to this version writes.
///
/// `RepositoryData.snapshotsFromXContent` refuses members that it does not know: the repository's `uuid` of
/// Elasticsearch 7.12 and later keeps OpenSearch out, and older Elasticsearch reads `min_version`. Elasticsearch is not named
/// where OpenSearch has written: it would open the root and refuse every such snapshot for its version.
pub fn opened_by(root: &Root) -> Vec<String> {
    if root.unknown.iter().any(|name| !name.contains('.')) {
        return Vec::new();
    }
    if root.uuid.is_some() || root.min_version.as_deref() == Some("7.12.0") {
        return vec!["Elasticsearch 7.12 and later".to_owned()];
    }
    let paths = root.indices.iter().any(|index| index.has_path_type);
    let versions = root
        .snapshots
        .iter()
        .filter_map(|snapshot| snapshot.version.as_deref());
    let mut products = versions
        .filter_map(EngineVersion::from_text)
        .map(|version| version.product);
    let opensearch = if paths {
        "OpenSearch 2.17 and later"
    } else {
        "OpenSearch"
    };
    if paths || products.any(|product| product == Product::OpenSearch) {
        return vec![opensearch.to_owned()];
    }
    let lookup = !root.metadata.is_empty() || root.min_version.as_deref() == Some("7.9.0");
    let generations = root.indices.iter().any(|index| index.generations.is_some());
    let elasticsearch = match (lookup, generations) {
        (true, _) => "Elasticsearch 7.9 and later",
        (false, true) => "Elasticsearch 7.6 and later",
        (false, false) => "Elasticsearch 5 and later",
    };
    vec![elasticsearch.to_owned(), opensearch.to_owned()]
}

/// Which engines can restore an index: by the version that made it, as written, else by the Lucene `major` that did; empty where
/// neither is known, or none can.
pub fn restorers(created: Option<i64>, written: Option<EngineVersion>, lucene: u8) -> Vec<String> {
    match created.and_then(EngineVersion::from_id) {
        Some(created) => restored_by(created, written),
        None => opened_by_lucene(lucene),
    }
}

/// Which engines can restore an index that `created` made, from a snapshot that `written` took, in words such as
/// `Elasticsearch 7.10 to 8.x`. A restore needs an engine that is not older than the one that took the snapshot.
///
/// Elasticsearch N restores indices of N−1 and N (`IndexVersions.MINIMUM_COMPATIBLE`), as does OpenSearch; OpenSearch 1 counts as
/// Elasticsearch 7 there, and 2 takes indices of Elasticsearch 7 (`Version.computeMinIndexCompatVersion` of OpenSearch), up to
/// 7.10, after which the two parted.
pub fn restored_by(created: EngineVersion, written: Option<EngineVersion>) -> Vec<String> {
    let from = written.unwrap_or(created);
    let mut words = Vec::new();
    if created.product == Product::Elasticsearch && from.product == Product::Elasticsearch {
        words.extend(range(
            Product::Elasticsearch,
            from.max(created),
            created.major + 1,
        ));
    }
    let shared = |version: EngineVersion| {
        version.product == Product::OpenSearch || (version.major, version.minor) <= LAST_SHARED
    };
    let newest = match (created.product, created.major) {
        (Product::OpenSearch, major) => Some(major + 1),
        (Product::Elasticsearch, 6) => Some(1),
        (Product::Elasticsearch, 7) => Some(2),
        (Product::Elasticsearch, _) => None,
    };
    if let Some(newest) = newest.filter(|_| shared(created) && shared(from)) {
        let oldest = [created, from]
            .into_iter()
            .filter(|version| version.product == Product::OpenSearch)
            .max();
        let first = EngineVersion {
            product: Product::OpenSearch,
            major: 1,
            minor: 0,
            patch: 0,
        };
        words.extend(range(Product::OpenSearch, oldest.unwrap_or(first), newest));
    }
    words
}

fn range(product: Product, from: EngineVersion, newest: u16) -> Option<String> {
    let EngineVersion { major, minor, .. } = from;
    (major <= newest).then(|| match minor {
        0 if major == newest => format!("{product} {major}.x"),
        _ => format!("{product} {major}.{minor} to {newest}.x"),
    })
}

/// Which engines can open Lucene files of an index that Lucene `major` made: an engine's Lucene opens those of its own
/// major version and of the one before (`Version.MIN_SUPPORTED_MAJOR` of Lucene 8 to 10).
pub fn opened_by_lucene(major: u8) -> Vec<String> {
    let words: &[&str] = match major {
        6 => &["Elasticsearch 5.x to 6.x"],
        7 => &["Elasticsearch 6.x to 7.x", "OpenSearch 1.x"],
        8 => &["Elasticsearch 7.x to 8.x", "OpenSearch 1.x to 2.x"],
        9 => &["Elasticsearch 8.x to 9.x", "OpenSearch 2.x to 3.x"],
        10 => &["Elasticsearch 9.x", "OpenSearch 3.x"],
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::root::{RootIndex, RootSnapshot};

    fn restored(created: &str, written: &str) -> Vec<String> {
        restored_by(
            EngineVersion::from_text(created).unwrap(),
            EngineVersion::from_text(written),
        )
    }

    #[test]
    fn an_engine_restores_indices_of_its_own_and_the_last_major() {
        assert_eq!(restored("8.17.0", "8.17.0"), ["Elasticsearch 8.17 to 9.x"]);
        assert_eq!(restored("7.17.29", "8.1.0"), ["Elasticsearch 8.1 to 8.x"]);
        assert_eq!(restored("6.8.23", "7.17.29"), ["Elasticsearch 7.17 to 7.x"]);
        assert_eq!(restored("3.3.2", "3.3.2"), ["OpenSearch 3.3 to 4.x"]);
        assert_eq!(restored("1.3.0", "2.19.0"), ["OpenSearch 2.19 to 2.x"]);
        assert_eq!(restored("1.3.0", "3.0.0"), [""; 0]);
    }

    #[test]
    fn opensearch_takes_over_what_was_made_up_to_7_10() {
        assert_eq!(
            restored("7.10.2", "7.10.2"),
            ["Elasticsearch 7.10 to 8.x", "OpenSearch 1.0 to 2.x"]
        );
        assert_eq!(
            restored("6.8.23", "6.8.23"),
            ["Elasticsearch 6.8 to 7.x", "OpenSearch 1.x"]
        );
        assert_eq!(restored("7.10.2", "7.17.0"), ["Elasticsearch 7.17 to 8.x"]);
        assert_eq!(restored("7.10.2", "2.19.0"), ["OpenSearch 2.19 to 2.x"]);
        assert_eq!(restored("7.10.2", ""), restored("7.10.2", "7.10.2"));
    }

    #[test]
    fn a_root_says_who_can_open_it() {
        let mut root = Root::default();
        assert_eq!(opened_by(&root), ["Elasticsearch 5 and later", "OpenSearch"]);
        root.indices.push(RootIndex {
            generations: Some(Vec::new()),
            ..RootIndex::default()
        });
        assert_eq!(opened_by(&root), ["Elasticsearch 7.6 and later", "OpenSearch"]);
        root.metadata.push(("a".into(), "b".into()));
        assert_eq!(opened_by(&root), ["Elasticsearch 7.9 and later", "OpenSearch"]);
        root.snapshots.push(RootSnapshot {
            version: Some("2.4.0".into()),
            ..RootSnapshot::default()
        });
        assert_eq!(opened_by(&root), ["OpenSearch"]);
        root.indices[0].has_path_type = true;
        assert_eq!(opened_by(&root), ["OpenSearch 2.17 and later"]);
        root.uuid = Some("u".into());
        assert_eq!(opened_by(&root), ["Elasticsearch 7.12 and later"]);
        root.unknown.push("flavour".into());
        assert_eq!(opened_by(&root), [""; 0]);
    }
}
