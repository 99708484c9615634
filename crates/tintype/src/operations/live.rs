//! What this instance knows of running operations and never needs after a crash: progress, waiters, wake-ups.

use crate::model::{Answer, Progress};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// Volatile companions of the durable operations.
#[derive(Debug, Default)]
pub struct Live {
    progress: Mutex<HashMap<String, Progress>>,
    answers: Mutex<HashMap<String, watch::Sender<Option<Answer>>>>,
    cancels: Mutex<HashSet<String>>,
    wake: Notify,
}

/// A map stays usable after a panic elsewhere: each change of it is a single insert or remove.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Keeps the last progress of an operation.
    pub fn set_progress(&self, id: &str, progress: Progress) {
        lock(&self.progress).insert(id.to_owned(), progress);
    }

    /// The last progress of an operation.
    pub fn progress(&self, id: &str) -> Option<Progress> {
        lock(&self.progress).get(id).cloned()
    }

    /// Waits for the first answer of an operation, from before it is started.
    pub fn expect_answer(&self, id: &str) -> watch::Receiver<Option<Answer>> {
        lock(&self.answers)
            .entry(id.to_owned())
            .or_insert_with(|| watch::channel(None).0)
            .subscribe()
    }

    /// Tells the waiters of this instance.
    pub fn answer(&self, id: &str, answer: &Answer) {
        if let Some(sender) = lock(&self.answers).get(id) {
            sender.send_replace(Some(answer.clone()));
        }
    }

    /// Forgets the waiters' channel once the last of them has gone.
    pub fn stop_expecting(&self, id: &str) {
        let mut answers = lock(&self.answers);
        if answers.get(id).is_some_and(|sender| sender.receiver_count() == 0) {
            answers.remove(id);
        }
    }

    /// Marks a running operation for its watcher.
    pub fn cancel(&self, id: &str) {
        lock(&self.cancels).insert(id.to_owned());
    }

    /// The operation was marked here.
    pub fn is_cancelled(&self, id: &str) -> bool {
        lock(&self.cancels).contains(id)
    }

    /// Forgets an operation that has ended.
    pub fn forget(&self, id: &str) {
        lock(&self.progress).remove(id);
        lock(&self.cancels).remove(id);
    }

    /// Makes the driver look for due operations now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for a wake-up.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }
}
