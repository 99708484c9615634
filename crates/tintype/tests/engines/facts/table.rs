//! One line per engine, one column per difference.

use tintype_engine::{Dialect, Distribution, Version};

use crate::rig::Rig;

/// What a snapshot does with a closed index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It is never in it.
    Never,
    /// It is in it when `expand_wildcards` or its name asks for it.
    OnDemand,
    /// It is in it.
    Always,
}

/// How one engine answers where they differ.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The engine, as in `scripts/engines.tsv`.
    pub engine: &'static str,
    /// The number that its snapshots carry; OpenSearch sets a bit in it.
    pub version_id: u64,
    /// The status of `GET /`.
    pub root: u16,
    /// `GET _snapshot` shows the uuid of the storage's contents.
    pub shows_uuid: bool,
    /// Listings take `size` and `sort`.
    pub pages: bool,
    /// A snapshot keeps its `metadata`.
    pub keeps_metadata: bool,
    /// There are `_cleanup` and `_clone`.
    pub cleans_and_clones: bool,
    /// There are hidden indices.
    pub hides: bool,
    /// The error's type of a name that is taken.
    pub name_taken: &'static str,
    /// Several snapshots run at once.
    pub several: bool,
    /// Status and type of a change to a registration that a snapshot writes to.
    pub busy: (u16, &'static str),
    /// What becomes of closed indices.
    pub closed: Closed,
    /// A snapshot without `partial` of an index without its primary is accepted, and fails.
    pub accepts_red: bool,
    /// A snapshot into a location that cannot be written is accepted, and vanishes.
    pub accepts_unwritable: bool,
    /// The error's type of a verification of a location that cannot be written.
    pub unverified: &'static str,
    /// A registration whose location another one wrote to works no more.
    pub notices_writers: bool,
    /// Shards lie below hashed directories.
    pub hashes_paths: bool,
}

const MOST: Facts = Facts {
    engine: "",
    version_id: 0,
    root: 200,
    shows_uuid: false,
    pages: false,
    keeps_metadata: true,
    cleans_and_clones: true,
    hides: true,
    name_taken: "invalid_snapshot_name_exception",
    several: true,
    busy: (500, "illegal_state_exception"),
    closed: Closed::OnDemand,
    accepts_red: false,
    accepts_unwritable: true,
    unverified: "repository_verification_exception",
    notices_writers: true,
    hashes_paths: false,
};

const ELASTICSEARCH_8: Facts = Facts {
    engine: "elasticsearch-8.17.0",
    version_id: 8_521_000,
    // Only in the small distribution that the tests use: the module behind `/` is not in it.
    root: 405,
    shows_uuid: true,
    pages: true,
    name_taken: "snapshot_name_already_in_use_exception",
    busy: (409, "repository_conflict_exception"),
    closed: Closed::Always,
    ..MOST
};

const TABLE: [Facts; 7] = [
    Facts {
        engine: "opensearch-1.3.0",
        version_id: 0x0800_0000 ^ 1_030_099,
        ..MOST
    },
    Facts {
        engine: "opensearch-2.19.0",
        version_id: 0x0800_0000 ^ 2_190_099,
        ..MOST
    },
    Facts {
        engine: "opensearch-3.3.2",
        version_id: 0x0800_0000 ^ 3_030_299,
        hashes_paths: true,
        ..MOST
    },
    Facts {
        engine: "elasticsearch-6.8.23",
        version_id: 6_082_399,
        keeps_metadata: false,
        cleans_and_clones: false,
        hides: false,
        several: false,
        closed: Closed::Never,
        accepts_red: true,
        accepts_unwritable: false,
        unverified: "exception",
        notices_writers: false,
        ..MOST
    },
    Facts {
        engine: "elasticsearch-7.17.29",
        version_id: 7_172_999,
        shows_uuid: true,
        pages: true,
        ..MOST
    },
    ELASTICSEARCH_8,
    Facts {
        engine: "elasticsearch-9.2.0",
        version_id: 9_039_001,
        ..ELASTICSEARCH_8
    },
];

impl Rig {
    /// This engine's line.
    pub fn facts(&self) -> &'static Facts {
        let name = self.engine.row().name;
        TABLE.iter().find(|line| line.engine == name).unwrap()
    }
}

#[test]
fn the_dialects_say_what_the_engines_do() {
    for facts in &TABLE {
        let (kind, version) = facts.engine.split_once('-').unwrap();
        let version: Version = version.parse().unwrap();
        let distribution = if kind == "opensearch" {
            Distribution::OpenSearch
        } else {
            Distribution::Elasticsearch
        };
        let dialect = Dialect {
            distribution,
            version,
        };
        let says = (
            dialect.pages_snapshots(),
            dialect.keeps_metadata(),
            dialect.expands_wildcards(),
            dialect.max_concurrent_snapshots().is_none(),
        );
        let does = (
            facts.pages,
            facts.keeps_metadata,
            facts.closed != Closed::Never,
            facts.several,
        );
        assert_eq!(says, does, "{}", facts.engine);
    }
}
