//! Attestations of every snapshot of a repository, made while it is whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use tintype_repository::Level;
use tintype_repository::attest::{Attestation, Digest, PublicKey, Request, SigningKey, check, create};
use tintype_repository::verify::Progress;
use tintype_testkit::corpus::Written;

use super::ground::Hit;
use crate::looking::open;
use crate::truth::Class;

pub struct Attested {
    key: PublicKey,
    by_snapshot: BTreeMap<String, Attestation>,
}

impl Attested {
    pub async fn of(written: &Written) -> Self {
        let key = SigningKey::generate().unwrap();
        let repository = open(&written.root, &written.base).await.unwrap();
        let mut by_snapshot = BTreeMap::new();
        for (number, snapshot) in (0..).zip(&repository.root.snapshots) {
            let request = Request {
                snapshot: number,
                digest: Digest::Crc32,
                verified: None,
                concurrency: 1,
                now: 0,
                progress: Arc::default(),
            };
            let made = create(repository.clone(), request, &key).await.unwrap();
            by_snapshot.insert(snapshot.name.to_string(), made);
        }
        Self {
            key: key.public(),
            by_snapshot,
        }
    }

    /// Whether one of the snapshots that a damage hurts is still found to be what was attested.
    pub async fn misses(&self, written: &Written, hit: &Hit<'_>) -> bool {
        // Without a root there is nothing to compare, and that is said.
        let Ok(repository) = open(&written.root, &written.base).await else {
            return false;
        };
        for name in &hit.blob.snapshots {
            let (attestation, depth) = (&self.by_snapshot[name], Level::Checksum.into());
            let progress = Arc::new(Progress::default());
            let checked = check(repository.clone(), attestation, &[self.key], depth, 1, progress).await;
            if checked.unwrap().agrees() {
                return true;
            }
        }
        false
    }
}

/// Whether an attestation covers blobs of this class: what a restore reads, and the global state. Not the shards'
/// generations, `index.latest` and the lists of hashed paths: they are those of all snapshots, every later snapshot
/// replaces them, and no restore reads them (`docs/attestations.md`).
pub fn covers(class: Class) -> bool {
    class.is_restored() || class == Class::GlobalState
}
