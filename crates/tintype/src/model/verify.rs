//! Verifying what the storage under a platform repository holds: what is asked, and what came out.

use super::{ClusterId, RepositoryName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tintype_repository::Level;
use tintype_repository::verify::verdict::Verdict;

/// How a verification looks, whoever asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VerifyOptions {
    /// How deep: `root`, `metadata`, `presence`, `fingerprint`, `checksum` or `structure`.
    #[schema(value_type = String)]
    pub level: Level,
    /// Check the structure of Lucene's files too, below the level that always does.
    pub structure: bool,
    /// Only these snapshots, by name or uuid; empty: all.
    pub snapshots: Vec<String>,
    /// Only these indices, `*` as wildcard; empty: all.
    pub indices: Vec<String>,
    /// Only the newest finished snapshot.
    pub latest: bool,
    /// A blob that was checked within this time is not read again; absent: all are read.
    pub max_age_seconds: Option<u64>,
    /// Stops reading data after so many bytes.
    pub budget_bytes: Option<u64>,
    /// Stops reading data after so long.
    pub budget_seconds: Option<u64>,
    /// Reads no faster than this.
    pub bytes_per_second: Option<u64>,
    /// Attest each snapshot that proves restorable.
    pub attest: bool,
}

impl Default for VerifyOptions {
    /// Everything, as deep as it goes, read now.
    fn default() -> Self {
        Self {
            level: Level::Structure,
            structure: true,
            snapshots: Vec::new(),
            indices: Vec::new(),
            latest: false,
            max_age_seconds: None,
            budget_bytes: None,
            budget_seconds: None,
            bytes_per_second: None,
            attest: false,
        }
    }
}

impl VerifyOptions {
    /// Every snapshot and index is looked at.
    pub fn is_whole(&self) -> bool {
        self.snapshots.is_empty() && self.indices.is_empty() && !self.latest
    }
}

/// What is asked of a verification: one cluster's location under a platform repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyParameters {
    /// The platform repository.
    pub repository: RepositoryName,
    /// How.
    #[serde(flatten)]
    pub options: VerifyOptions,
}

/// The states of a verification, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum VerifyState {
    /// Nothing read.
    Preparing,
    /// It is being read. What was checked since `begun` stands in the ledger, and is not read again after a crash.
    Verifying {
        /// When reading began.
        begun: Timestamp,
    },
}

/// What came out of a verification; the report has the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyOutcome {
    /// The platform repository.
    pub repository: String,
    /// Every snapshot that was looked at can be restored, as far as the level looked.
    pub good: bool,
    /// The worst verdict; what is damaged beats what is unknown.
    pub state: Verdict,
    /// How deep it looked.
    pub level: Level,
    /// Nothing cut it short.
    pub complete: bool,
    /// The generation of the repository that was looked at.
    pub generation: u64,
    /// Snapshots looked at.
    pub snapshots: u64,
    /// Those of them that can be restored.
    pub restorable: u64,
    /// Findings that cost a snapshot, those that the report has no room for included.
    pub errors: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Data blobs read.
    pub blobs: u64,
    /// Data blobs that an earlier check vouched for.
    pub blobs_by_ledger: u64,
    /// Snapshots attested.
    pub attested: u64,
    /// The first findings, for people.
    pub notes: Vec<String>,
}

/// What is known of one snapshot by reading its storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The snapshot's uuid.
    pub snapshot: String,
    /// Whether it can be restored, as far as the level looked.
    pub verdict: Verdict,
    /// How deep all of its data was checked.
    pub level: Level,
    /// The oldest check that this rests on.
    pub oldest_check: Timestamp,
    /// When the verification ended.
    pub checked_at: Timestamp,
    /// The verification that found it.
    pub operation: String,
}

impl Proof {
    /// Damage was seen: what an earlier and deeper look said holds no more.
    pub fn is_damage(&self) -> bool {
        matches!(self.verdict, Verdict::InPart | Verdict::NotRestorable)
    }
}

/// A snapshot that was taken and is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSnapshot {
    /// The operation that took it.
    pub operation: String,
    /// The platform repository.
    pub repository: RepositoryName,
    /// Its cluster.
    pub cluster: ClusterId,
    /// Its uuid.
    pub snapshot: String,
}

/// When a platform repository is verified by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifySchedule {
    /// The platform repository.
    pub repository: RepositoryName,
    /// From one start to the next, seconds.
    pub every_seconds: u64,
    /// Each snapshot that Tintype took is looked at by itself too, as soon as it is there.
    pub after_snapshots: bool,
    /// How.
    pub options: VerifyOptions,
    /// The last start; none before the first.
    pub last_started: Option<Timestamp>,
    /// Made at.
    pub created_at: Timestamp,
    /// Changed at.
    pub updated_at: Timestamp,
}

impl VerifySchedule {
    /// When it starts next; `None`: at once.
    pub fn due_at(&self) -> Option<Timestamp> {
        let every = jiff::SignedDuration::from_secs(i64::try_from(self.every_seconds).unwrap_or(i64::MAX));
        self.last_started
            .map(|last| last.saturating_add(every).unwrap_or(Timestamp::MAX))
    }
}
