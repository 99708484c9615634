//! What others learn of the writer without asking the database: how often it committed, and that changes came.

use super::super::Result;
use sqlx::sqlite::{SqliteConnection, SqliteOperation};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;

/// The writer's signals.
#[derive(Debug, Default)]
pub(super) struct Signals {
    commits: AtomicU64,
    writes: AtomicU64,
    /// A row of `changes` was inserted since the last commit. One that was rolled back wakes in vain, which is harmless.
    touched: AtomicBool,
    changed: watch::Sender<u64>,
}

impl Signals {
    /// Has SQLite tell of each row that goes into `changes`.
    pub(super) async fn listen(self: &Arc<Self>, connection: &mut SqliteConnection) -> Result<()> {
        let signals = Arc::clone(self);
        connection.lock_handle().await?.set_update_hook(move |update| {
            if update.table == "changes" && update.operation == SqliteOperation::Insert {
                signals.touched.store(true, Relaxed);
            }
        });
        Ok(())
    }

    /// A batch of so many writes was committed.
    pub(super) fn committed(&self, writes: usize) {
        self.commits.fetch_add(1, Relaxed);
        self.writes
            .fetch_add(u64::try_from(writes).unwrap_or(u64::MAX), Relaxed);
        if self.touched.swap(false, Relaxed) {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// Commits, and writes in them.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.commits.load(Relaxed), self.writes.load(Relaxed))
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
