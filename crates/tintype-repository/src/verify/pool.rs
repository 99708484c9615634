//! A bounded number of threads that do one thing after another.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Runs one worker on each of so many threads for blocking work, and waits for all. A worker that panics is not missed
/// here: what it had to do was not done, and is reported as unknown.
pub(super) async fn run<F, Fut>(threads: usize, worker: F)
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()>,
{
    let mut set = JoinSet::new();
    for _ in 0..threads.max(1) {
        let worker = worker.clone();
        let handle = Handle::current();
        set.spawn_blocking(move || {
            handle.block_on(worker());
            crate::source::let_go();
        });
    }
    while let Some(ended) = set.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a worker of a verification ended early");
        }
    }
}

/// Does `count` things on so many threads, and gives their results in order; what was not done is the default.
pub(super) async fn each<T, F, Fut>(threads: usize, count: usize, stop: Stop, thing: F) -> Vec<T>
where
    T: Default + Clone + Send + 'static,
    F: Fn(usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = T>,
{
    let results = Arc::new(Mutex::new(vec![T::default(); count]));
    let next = Arc::new(AtomicUsize::new(0));
    let into = results.clone();
    run(threads.min(count), move || {
        let (results, next, thing, stop) = (into.clone(), next.clone(), thing.clone(), stop.clone());
        async move {
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                if position >= count || stop() {
                    return;
                }
                let result = thing(position).await;
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(slot) = results.get_mut(position) {
                    *slot = result;
                }
            }
        }
    })
    .await;
    std::mem::take(&mut *results.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether to stop early.
pub(super) type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// A queue of numbered tasks, each of which may give further work. That is taken before the next task, so that only as many
/// tasks are open as there are threads.
pub(super) struct Queue<W> {
    state: Mutex<State<W>>,
    changed: Condvar,
    stop: Stop,
}

struct State<W> {
    next: usize,
    tasks: usize,
    work: VecDeque<W>,
    busy: usize,
    waiting: usize,
}

/// What is to be done next.
pub(super) enum Next<W> {
    /// The task of this number.
    Task(usize),
    /// Work that a task gave.
    Work(W),
}

impl<W> Queue<W> {
    pub fn new(tasks: usize, stop: Stop) -> Self {
        let state = State {
            next: 0,
            tasks,
            work: VecDeque::new(),
            busy: 0,
            waiting: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            stop,
        }
    }

    pub fn push(&self, work: impl IntoIterator<Item = W>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.work.extend(work);
        self.tell(state);
    }

    /// Wakes those that wait, which costs a call of the kernel where nobody does.
    fn tell(&self, state: MutexGuard<'_, State<W>>) {
        let anybody = state.waiting > 0;
        drop(state);
        if anybody {
            self.changed.notify_all();
        }
    }

    /// Waits for something to do; `None` when all is done or shall stop. What is taken is done when the guard is dropped.
    pub fn take(&self) -> Option<(Next<W>, Busy<'_, W>)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if (self.stop)() {
                return None;
            }
            let next = match state.work.pop_front() {
                Some(work) => Some(Next::Work(work)),
                None if state.next < state.tasks => {
                    state.next += 1;
                    Some(Next::Task(state.next - 1))
                }
                None => None,
            };
            if let Some(next) = next {
                state.busy += 1;
                return Some((next, Busy(self)));
            }
            if state.busy == 0 {
                return None;
            }
            // Not for ever, since nobody tells of a stop.
            state.waiting += 1;
            let waited = self.changed.wait_timeout(state, Duration::from_millis(100));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
    }
}

/// Something taken from a queue, being done.
pub(super) struct Busy<'a, W>(&'a Queue<W>);

impl<W> Drop for Busy<'_, W> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.busy -= 1;
        if state.busy == 0 {
            self.0.tell(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never() -> Stop {
        Arc::new(|| false)
    }

    #[tokio::test]
    async fn results_come_in_order_and_none_is_missing() {
        let doubled = each(3, 100, never(), |number| async move { number * 2 }).await;
        assert_eq!(doubled, (0..100).map(|number| number * 2).collect::<Vec<_>>());
        let stopped = each(3, 100, Arc::new(|| true), |number| async move { number + 1 }).await;
        assert_eq!(stopped, vec![0; 100]);
    }

    #[tokio::test]
    async fn work_is_taken_before_the_next_task_and_all_of_it_is_done() {
        let queue = Arc::new(Queue::new(50, never()));
        let done = Arc::new(AtomicUsize::new(0));
        let (queue, sum) = (queue, done.clone());
        run(4, move || {
            let (queue, done) = (queue.clone(), done.clone());
            async move {
                while let Some((next, _busy)) = queue.take() {
                    match next {
                        Next::Task(task) => queue.push((0..3).map(|_| task)),
                        Next::Work(task) => {
                            done.fetch_add(task, Ordering::Relaxed);
                        }
                    }
                }
            }
        })
        .await;
        assert_eq!(sum.load(Ordering::Relaxed), 3 * (0..50).sum::<usize>());
    }

    #[test]
    fn a_stopped_queue_gives_nothing() {
        let queue: Queue<()> = Queue::new(5, Arc::new(|| true));
        assert!(queue.take().is_none());
    }
}
