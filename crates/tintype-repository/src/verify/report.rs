//! What a verification says. Its JSON is a contract: members are added, never renamed; [`SCHEMA`] counts.

use super::verdict::Verdict;
use crate::{Level, finding::Finding};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// The schema's name and version.
pub const SCHEMA: &str = "tintype.verify/1";

/// The whole report. Times are ms since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of this program.
    pub version: &'static str,
    /// The repository, without secrets.
    pub location: String,
    /// The repository's own uuid.
    pub uuid: Option<String>,
    /// The generation that was looked at.
    pub generation: u64,
    /// The newest generation at the end: what another than [`Self::generation`] brought was not looked at. `None`: that could
    /// not be told.
    pub newest: Option<u64>,
    /// The level asked for.
    pub level: Level,
    /// Whether Lucene's structure was checked.
    pub structure: bool,
    /// Begun at.
    pub started: i64,
    /// Ended at.
    pub ended: i64,
    /// Everything that was asked for was looked at: no budget, stop or subset cut it short.
    pub complete: bool,
    /// The worst verdict of all snapshots looked at; `unknown` also when none could be.
    pub verdict: Verdict,
    /// Which engines can open the repository, in words such as `Elasticsearch 7.12 to 9`.
    pub opened_by: Vec<String>,
    /// What was read.
    pub read: Read,
    /// Each snapshot, oldest first. Where indices were asked for and no snapshots by name, those that hold any of them.
    pub snapshots: Vec<SnapshotReport>,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
    /// Findings beyond the report's bound, only counted.
    pub findings_left_out: u64,
}

/// What a verification read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Read {
    /// Requests to the store.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
    /// Data blobs read at the level.
    pub blobs: u64,
    /// Data blobs that the ledger vouched for.
    pub blobs_by_ledger: u64,
}

/// A snapshot's part.
#[derive(Debug, Clone, Serialize)]
pub struct SnapshotReport {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The engine's word: `SUCCESS`, `PARTIAL`, …
    pub state: String,
    /// Restoring it with `include_global_state: false`.
    pub verdict: Verdict,
    /// Why it is not `restorable`, in a line each; few.
    pub why: Vec<String>,
    /// The level that all of its data was checked at, now or before; `None`: not even the root's.
    pub level: Option<Level>,
    /// The oldest check that this rests on.
    pub oldest_check: Option<i64>,
    /// The global state's own verdict.
    pub global_state: Verdict,
    /// When the engine began it.
    pub taken: Option<i64>,
    /// The writing engine, such as `OpenSearch 2.19.0`.
    pub engine: Option<String>,
    /// Its indices, by name.
    pub indices: Vec<IndexReport>,
}

/// Text that many entries of a report share, since a repository has up to millions of pairs of snapshot and index.
pub type Text = Arc<str>;

/// An index's part in a snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct IndexReport {
    /// Its name.
    #[serde(serialize_with = "text")]
    pub name: Text,
    /// Restoring it.
    pub verdict: Verdict,
    /// Why it is not `restorable`.
    #[serde(serialize_with = "maybe_text")]
    pub why: Option<Text>,
    /// How many shards it has.
    pub shards: u32,
    /// Live documents, nested ones included; `None` when the structure was not checked.
    pub documents: Option<u64>,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Which engines can restore it, in words.
    #[serde(serialize_with = "texts")]
    pub restored_by: Arc<[Text]>,
}

fn text<S: Serializer>(text: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn maybe_text<S: Serializer>(text: &Option<Text>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

fn texts<S: Serializer>(texts: &Arc<[Text]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| &**text))
}

/// What a verification would cost.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Estimate {
    /// Requests for metadata and listings.
    pub metadata_requests: u64,
    /// Bytes of metadata that were read for the estimate. A verification reads them again, and each snapshot's own blob and
    /// each shard's generation beside them.
    pub metadata_bytes: u64,
    /// Requests for data.
    pub data_requests: u64,
    /// Bytes of data that are read at the level.
    pub data_bytes: u64,
    /// Bytes of Lucene's small files that are read for the structure beside those: of long ones, and of those that the ledger
    /// vouches for. The ends of files inside of compound ones are not among them: some KiB each.
    pub structure_bytes: u64,
    /// Data blobs.
    pub blobs: u64,
    /// Data blobs that the ledger vouches for.
    pub blobs_by_ledger: u64,
}
