//! Attesting what a verification found restorable, with the server's key. The first attestation of a snapshot stays: it is
//! the one that later changes show against.

use super::Place;
use crate::model::{Attestation, ClusterId};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tintype_repository::attest::{AttestError, Digest, Request, SigningKey, Verified, create};
use tintype_repository::repository::Repository;
use tintype_repository::verify::Progress;
use tintype_repository::verify::report::{Report, SnapshotReport};
use tintype_repository::verify::verdict::Verdict;

/// The longest attestation that is kept: about 300,000 blobs.
const LONGEST: usize = 32 << 20;
/// Shards read at a time.
const CONCURRENCY: usize = 4;
/// Snapshots asked for at a time.
const PAGE: usize = 500;

/// What came of it.
#[derive(Debug, Default)]
pub struct Attested {
    /// Snapshots that were attested now.
    pub count: u64,
    /// Why others were not, the first of them.
    pub problems: Vec<String>,
}

impl Attested {
    fn problem(&mut self, snapshot: &str, why: impl std::fmt::Display) {
        if self.problems.len() < 5 {
            self.problems.push(format!("{snapshot} is not attested: {why}"));
        }
    }
}

/// Whose snapshots are attested, and where the attestations go.
pub struct Attester {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The cluster.
    pub cluster: ClusterId,
    /// The verification.
    pub operation: String,
}

impl Attester {
    /// Attests each snapshot that proved restorable and was not attested before.
    pub async fn attest(
        &self,
        place: &Place,
        repository: &Arc<Repository>,
        report: &Report,
        progress: &Arc<Progress>,
    ) -> Attested {
        let mut done = Attested::default();
        if let Err(error) = self.each(place, repository, report, progress, &mut done).await {
            done.problems.push(format!("not all is attested: {error}"));
        }
        done
    }

    async fn each(
        &self,
        place: &Place,
        repository: &Arc<Repository>,
        report: &Report,
        progress: &Arc<Progress>,
        done: &mut Attested,
    ) -> Result<(), StoreError> {
        let Some((signer, secret)) = self.store.attest_secret().await? else {
            done.problems.push(
                "nothing is attested: there is no key. Make one with `tintype attest-key create`".to_owned(),
            );
            return Ok(());
        };
        let key = match SigningKey::from_pem(secret.expose_secret()) {
            Ok(key) => key,
            Err(error) => {
                done.problems.push(format!("nothing is attested: {error}"));
                return Ok(());
            }
        };
        let restorable = report.snapshots.iter();
        let restorable: Vec<&SnapshotReport> = restorable
            .filter(|one| one.verdict == Verdict::Restorable && one.level.is_some())
            .collect();
        for page in restorable.chunks(PAGE) {
            let known = self.known(place, page).await?;
            for one in page.iter().filter(|one| !known.contains_key(&one.uuid)) {
                if progress.stop.load(Relaxed) {
                    return Ok(());
                }
                match self.one(repository, report, one, &key, progress).await {
                    Ok(document) if document.len() > LONGEST => {
                        done.problem(&one.name, "it has more blobs than an attestation is kept of here");
                    }
                    Ok(document) => {
                        let attestation = Attestation {
                            snapshot: one.uuid.clone(),
                            name: one.name.clone(),
                            operation: self.operation.clone(),
                            key: signer.id.clone(),
                            at: ended(report),
                            document,
                        };
                        self.store
                            .put_attestation(&self.cluster, &place.location, &attestation)
                            .await?;
                        done.count += 1;
                    }
                    Err(error) => done.problem(&one.name, error),
                }
            }
        }
        Ok(())
    }

    async fn known(
        &self,
        place: &Place,
        page: &[&SnapshotReport],
    ) -> Result<HashMap<String, Timestamp>, StoreError> {
        let uuids: Vec<&str> = page.iter().map(|one| one.uuid.as_str()).collect();
        self.store.attested(&self.cluster, &place.location, &uuids).await
    }

    async fn one(
        &self,
        repository: &Arc<Repository>,
        report: &Report,
        of: &SnapshotReport,
        key: &SigningKey,
        progress: &Arc<Progress>,
    ) -> Result<String, AttestError> {
        let snapshot = repository
            .root
            .snapshots
            .iter()
            .position(|one| *one.uuid == *of.uuid)
            .and_then(|position| u32::try_from(position).ok())
            .ok_or_else(|| AttestError::NoSnapshot(of.name.clone()))?;
        let request = Request {
            snapshot,
            digest: Digest::Crc32,
            verified: Verified::of(report, &of.uuid),
            concurrency: CONCURRENCY,
            now: report.ended,
            progress: Arc::clone(progress),
        };
        let attestation = create(Arc::clone(repository), request, key).await?;
        let mut text = Vec::new();
        let broken = |error: String| AttestError::Interrupted(error);
        attestation
            .write(&mut text)
            .map_err(|error| broken(error.to_string()))?;
        String::from_utf8(text).map_err(|error| broken(error.to_string()))
    }
}

/// After all that was verified, which may have taken long.
fn ended(report: &Report) -> Timestamp {
    Timestamp::from_millisecond(report.ended).unwrap_or(Timestamp::MAX)
}
