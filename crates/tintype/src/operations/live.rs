//! What this instance knows of running operations and never needs after a crash: progress, waiters, wake-ups.

use super::writers::SharedLocation;
use crate::model::{Answer, Progress};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Inventories that are taken at once.
const INVENTORIES: usize = 4;

/// Volatile companions of the durable operations.
#[derive(Debug, Default)]
pub struct Live {
    progress: Mutex<HashMap<String, Progress>>,
    answers: Mutex<HashMap<String, watch::Sender<Option<Answer>>>>,
    cancels: Mutex<HashSet<String>>,
    shared_locations: Mutex<Vec<SharedLocation>>,
    inventories: Inventories,
    registrations: Notify,
    wake: Notify,
    crew: Mutex<Option<Crew>>,
}

/// The tasks that carry operations, and what stops them.
#[derive(Debug, Clone)]
pub struct Crew {
    /// One task per operation that is being carried.
    pub tasks: TaskTracker,
    /// Ends them at their next pause.
    pub shutdown: CancellationToken,
}

/// Places for inventories.
#[derive(Debug)]
struct Inventories(Semaphore);

impl Default for Inventories {
    fn default() -> Self {
        Self(Semaphore::new(INVENTORIES))
    }
}

/// Waits for an operation's first answer; when the last waiter goes, nothing of it stays behind.
#[derive(Debug)]
pub struct Waiter<'a> {
    live: &'a Live,
    id: &'a str,
    answer: Option<watch::Receiver<Option<Answer>>>,
}

impl Waiter<'_> {
    /// The answer, when it is known here already.
    pub fn known(&mut self) -> Option<Answer> {
        self.answer.as_mut()?.borrow_and_update().clone()
    }

    /// Waits until the answer may be known.
    pub async fn changed(&mut self) {
        if let Some(answer) = &mut self.answer {
            let _ = answer.changed().await;
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.answer = None;
        self.live.stop_expecting(self.id);
    }
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
    pub fn expect_answer<'a>(&'a self, id: &'a str) -> Waiter<'a> {
        let mut answers = lock(&self.answers);
        let sender = answers
            .entry(id.to_owned())
            .or_insert_with(|| watch::channel(None).0);
        Waiter {
            live: self,
            id,
            answer: Some(sender.subscribe()),
        }
    }

    /// Tells the waiters of this instance.
    pub fn answer(&self, id: &str, answer: &Answer) {
        if let Some(sender) = lock(&self.answers).get(id) {
            sender.send_replace(Some(answer.clone()));
        }
    }

    /// Forgets the waiters' channel once the last of them has gone.
    fn stop_expecting(&self, id: &str) {
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

    /// Keeps what was found.
    pub fn set_shared_locations(&self, found: Vec<SharedLocation>) {
        *lock(&self.shared_locations) = found;
    }

    /// The locations with several writers, as last found.
    pub fn shared_locations(&self) -> Vec<SharedLocation> {
        lock(&self.shared_locations).clone()
    }

    /// From now on operations may be carried.
    pub fn muster(&self, crew: Crew) {
        *lock(&self.crew) = Some(crew);
    }

    /// Who carries operations; `None` before the driver runs, and once it is asked to stop.
    pub fn crew(&self) -> Option<Crew> {
        let crew = lock(&self.crew).clone();
        crew.filter(|crew| !crew.shutdown.is_cancelled())
    }

    /// Waits for a place to take an inventory; none only if there are no places any more.
    pub async fn inventory_place(&self) -> Option<SemaphorePermit<'_>> {
        self.inventories.0.acquire().await.ok()
    }

    /// A cluster's registrations are not what they were: locations are to be compared again.
    pub fn registrations_changed(&self) {
        self.registrations.notify_one();
    }

    /// Waits until some cluster's registrations change.
    pub async fn registrations_to_change(&self) {
        self.registrations.notified().await;
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
