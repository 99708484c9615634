//! What verifications leave: the ledger of checked blobs, reports, proofs, and when the next one is due.

use super::Result;
use crate::model::{ClusterId, Operation, Proof, RepositoryName, TakenSnapshot, VerifySchedule};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::HashMap;
use tintype_repository::Level;
use tintype_repository::ledger::{BlobKey, Check};

/// Reports kept of each cluster in each platform repository; the oldest go first.
pub const REPORTS: u32 = 100;

/// A report, and what it proves.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// The verification that made it.
    pub operation: String,
    /// The platform repository.
    pub repository: RepositoryName,
    /// The cluster whose location was looked at.
    pub cluster: ClusterId,
    /// That location in one comparable line, such as `fs:/backups/a`.
    pub location: String,
    /// The report as JSON.
    pub document: String,
    /// What is known now of each snapshot that was looked at.
    pub proofs: Vec<Proof>,
    /// Every snapshot of the location is among them: proofs of others are of snapshots that are gone.
    pub whole: bool,
    /// When the root was found damaged: nothing that was proved before can be restored now, whatever it is.
    pub root_lost: Option<Timestamp>,
}

/// Verifications.
#[async_trait]
pub trait Verifications: Send + Sync {
    /// The last check of each blob at `level` or above, in the order asked; `None`: never.
    async fn last_checks(&self, level: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>>;
    /// Remembers checks. An older one than what is known changes nothing, but one from before 1970 (`at` 0 or less) says that
    /// the blob failed: whatever vouched for it is forgotten.
    async fn record_checks(&self, checks: &[(BlobKey, Check)]) -> Result<()>;
    /// Forgets at most `most` blobs whose last check was before this. How many.
    async fn prune_checks(&self, before: Timestamp, most: u32) -> Result<u64>;

    /// Keeps a report, in the place of one of the same operation, and what it proves. A proof takes the place of those that
    /// did not look deeper; one of damage that of all, and stays until a look that is as deep finds the snapshot whole. What
    /// is unknown takes no other's place. Forgets the oldest reports beyond [`REPORTS`].
    async fn put_report(&self, report: &NewReport) -> Result<()>;
    /// A verification's report as JSON; `None` when it has none, or none any more.
    async fn report(&self, operation: &str) -> Result<Option<String>>;
    /// The deepest that is known of these snapshots, by their uuids, at a cluster's location.
    async fn proofs(
        &self,
        cluster: &ClusterId,
        location: &str,
        snapshots: &[&str],
    ) -> Result<HashMap<String, Proof>>;
    /// A page of a repository's verifications, newest first: of one cluster or of all, older than the id `before`, 1 to 1000.
    async fn verifications(
        &self,
        repository: &RepositoryName,
        cluster: Option<&ClusterId>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Operation>>;
    /// The verification of a cluster in a platform repository that has not ended, the oldest.
    async fn open_verification(
        &self,
        cluster: &ClusterId,
        repository: &RepositoryName,
    ) -> Result<Option<String>>;

    /// Makes or replaces a repository's schedule; its last start and `created_at` stay. `NotFound` when there is no such
    /// repository.
    async fn put_schedule(&self, schedule: &VerifySchedule) -> Result<VerifySchedule>;
    /// A repository's schedule.
    async fn schedule(&self, repository: &RepositoryName) -> Result<Option<VerifySchedule>>;
    /// All schedules, by repository.
    async fn schedules(&self) -> Result<Vec<VerifySchedule>>;
    /// Forgets a repository's schedule. `NotFound`.
    async fn delete_schedule(&self, repository: &RepositoryName) -> Result<()>;
    /// At most `limit` snapshots that were taken while their repository's schedule wanted each to be verified, and of which
    /// [`Self::forget_taken`] was not said yet; the oldest first. One is there from the commit that ends its take.
    async fn taken_to_verify(&self, limit: u32) -> Result<Vec<TakenSnapshot>>;
    /// The verification of what this operation took was begun, or cannot be.
    async fn forget_taken(&self, operation: &str) -> Result<()>;
    /// Notes a start, unless another was noted since `last`: `false`.
    async fn note_start(
        &self,
        repository: &RepositoryName,
        last: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool>;
}
