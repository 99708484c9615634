//! What verification found, typed.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is lost: left-overs, clones' totals.
    Note,
    /// A restore without global state does not read it; or nothing is known: the store did not give it, it lies in another
    /// store, or has a form that is not supported.
    Warning,
    /// A restore would fail or give wrong data.
    Error,
}

/// What is wrong with the blob. The JSON names are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Not in the listing.
    BlobMissing,
    /// Another length than recorded.
    BlobLength,
    /// Archived: cannot be read now.
    BlobArchived,
    /// The store did not give it; nothing is known.
    BlobUnreadable,
    /// The footer is none, or holds another checksum than recorded.
    FooterMismatch,
    /// The header is none, or of another codec or segment.
    HeaderMismatch,
    /// The bytes do not have the recorded checksum.
    ChecksumMismatch,
    /// A metadata blob does not decode.
    MetadataDamaged,
    /// A metadata blob decodes and contradicts another (another owner, another name, another shard count).
    MetadataContradiction,
    /// A form that this version does not know.
    Unsupported,
    /// The Lucene files contradict each other.
    LuceneStructure,
    /// The root and `index.latest` or the listing differ.
    RootMismatch,
    /// The data lies in another store (shallow copies).
    OtherStore,
    /// A mounted snapshot is missing or damaged.
    Dependency,
    /// The engine itself recorded that the shard is missing.
    ShardNotSnapshotted,
    /// Differs from what an attestation says.
    Attestation,
    /// The repository changed under the verification.
    Changed,
}

/// One thing that is wrong, and whom it hurts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What.
    pub kind: Kind,
    /// The blob's path from the repository's base, as if no path was hashed.
    pub blob: String,
    /// Its key from the store's root, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// All of it in one line.
    pub message: String,
    /// The index (name), when it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The shard, when it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<u32>,
    /// The snapshots (names) that it hurts; with severity `error`, that lose this index or shard.
    pub snapshots: Vec<String>,
    /// How many more snapshots there are than [`Finding::snapshots`] names.
    #[serde(skip_serializing_if = "none")]
    pub snapshots_left_out: u64,
}

fn none(number: &u64) -> bool {
    *number == 0
}
