//! The table of engines.

use std::sync::LazyLock;

/// Whose engine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Elastic's.
    Elasticsearch,
    /// The fork.
    OpenSearch,
}

/// One engine that can be started: a line of `scripts/engines.tsv`.
#[derive(Debug, PartialEq, Eq)]
pub struct EngineRow {
    /// Kind and version, as in `opensearch-2.19.0`.
    pub name: &'static str,
    /// The first part of the name.
    pub kind: EngineKind,
    /// The second part of the name.
    pub version: &'static str,
    /// Whether it carries x-pack security: users, roles and TLS.
    pub has_security: bool,
    /// Whether the end-to-end suite runs on it.
    pub in_suite: bool,
}

static ROWS: LazyLock<Vec<EngineRow>> = LazyLock::new(|| {
    include_str!("../../../../scripts/engines.tsv")
        .lines()
        .filter_map(parse)
        .collect()
});

fn parse(line: &'static str) -> Option<EngineRow> {
    if line.starts_with('#') {
        return None;
    }
    let cells: Vec<&'static str> = line.split_whitespace().collect();
    let [name, _, _, _, _, security, suite, _] = cells[..] else {
        return None;
    };
    let (kind, version) = name.split_once('-')?;
    let kind = if kind == "opensearch" {
        EngineKind::OpenSearch
    } else {
        EngineKind::Elasticsearch
    };
    Some(EngineRow {
        name,
        kind,
        version,
        has_security: security == "yes",
        in_suite: suite == "yes",
    })
}

/// Every engine of the table.
pub fn rows() -> &'static [EngineRow] {
    &ROWS
}

/// The engines that the end-to-end suite runs on.
pub fn suite() -> impl Iterator<Item = &'static EngineRow> {
    ROWS.iter().filter(|row| row.in_suite)
}

/// The engine of this name.
///
/// # Panics
/// When the table has no such line.
pub fn row(name: &str) -> &'static EngineRow {
    ROWS.iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("scripts/engines.tsv has no engine {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_an_engine() {
        let lines = include_str!("../../../../scripts/engines.tsv").lines();
        assert_eq!(rows().len(), lines.filter(|line| !line.starts_with('#')).count());
        assert_eq!(row("elasticsearch-8.17.0").version, "8.17.0");
        assert!(row("elasticsearch-8.17.0").has_security);
        assert_eq!(suite().count(), rows().len());
    }
}
