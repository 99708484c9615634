//! The ledger of a verification, kept in the store.

use crate::store::Store;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};
use tintype_repository::Level;
use tintype_repository::ledger::{BlobKey, Check, Ledger, LedgerError};

/// Checks in one write: what a crash may cost, and what other writes may have to wait for.
const BATCH: usize = 1_000;
/// Blobs asked for in one read.
const ASKED: usize = 5_000;

/// Collects checks and writes them in batches.
#[derive(Debug)]
pub struct StoreLedger {
    store: Arc<dyn Store>,
    waiting: Mutex<Vec<(BlobKey, Check)>>,
}

impl StoreLedger {
    /// A ledger in this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            waiting: Mutex::default(),
        }
    }

    /// Takes what waits, if it is at least `least`.
    fn take(&self, least: usize) -> Vec<(BlobKey, Check)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < least {
            return Vec::new();
        }
        std::mem::take(&mut *waiting)
    }

    async fn write(&self, checks: &[(BlobKey, Check)]) -> Result<(), LedgerError> {
        for batch in checks.chunks(BATCH) {
            self.store.record_checks(batch).await.map_err(failed)?;
        }
        Ok(())
    }
}

fn failed(error: crate::store::StoreError) -> LedgerError {
    LedgerError(error.to_string())
}

#[async_trait]
impl Ledger for StoreLedger {
    async fn last(&self, level: Level, keys: &[BlobKey]) -> Result<Vec<Option<Check>>, LedgerError> {
        let mut found = Vec::with_capacity(keys.len());
        for asked in keys.chunks(ASKED) {
            found.extend(self.store.last_checks(level, asked).await.map_err(failed)?);
        }
        Ok(found)
    }

    async fn record(&self, checks: &[(BlobKey, Check)]) -> Result<(), LedgerError> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(checks);
        self.write(&self.take(BATCH)).await
    }

    async fn flush(&self) -> Result<(), LedgerError> {
        self.write(&self.take(1)).await
    }
}
