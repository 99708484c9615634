//! Places for connections. When none is free, the connection that has waited longest for its client's next request gives
//! its place up. One that is being answered never does, and a new one is the last whose turn comes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the first to give way may take before a second one does.
const AGAIN: Duration = Duration::from_millis(100);

/// The places.
#[derive(Debug)]
pub struct Seats {
    free: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    /// How many give way together, so that a rush need not wait for each.
    together: usize,
    /// How long each may wait whatever happens: a client that sends its request at once is never cut off.
    grace: Duration,
}

/// Connections without a request under way, in the order in which they give way.
#[derive(Debug, Default)]
struct Waiting {
    order: BTreeMap<Turn, (Instant, CancellationToken)>,
    next: u64,
}

/// Counts up each time that a connection begins to wait.
type Turn = u64;

/// A connection's place. Dropping it frees the place.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    turn: Mutex<Option<Turn>>,
    gives_way: CancellationToken,
    busy: AtomicBool,
    _place: OwnedSemaphorePermit,
}

/// A request under way: until it is dropped, its connection keeps its place.
#[derive(Debug)]
pub struct Busy(Arc<Seat>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seats {
    /// So many places, of which none is given away before `grace`.
    pub fn new(number: usize, grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(number.min(Semaphore::MAX_PERMITS))),
            waiting: Mutex::default(),
            together: (number / 64).clamp(1, 64),
            grace,
        })
    }

    /// A place, as soon as there is one.
    pub async fn take(self: &Arc<Self>) -> Arc<Seat> {
        let place = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.wait_for_one().await,
        };
        let seat = Arc::new(Seat {
            seats: Arc::clone(self),
            turn: Mutex::default(),
            gives_way: CancellationToken::new(),
            busy: AtomicBool::new(false),
            _place: place,
        });
        seat.waits();
        seat
    }

    async fn wait_for_one(&self) -> OwnedSemaphorePermit {
        loop {
            for _ in 0..self.together {
                self.one_gives_way();
            }
            let place = Arc::clone(&self.free).acquire_owned();
            // All may be busy, or the one whose turn it was still sends: then another's turn comes.
            if let Ok(Ok(place)) = timeout(AGAIN, place).await {
                return place;
            }
        }
    }

    /// Ends the connection whose turn it is; `false` when all are busy or have just come.
    pub fn one_gives_way(&self) -> bool {
        let mut waiting = lock(&self.waiting);
        match waiting.order.first_entry() {
            Some(first) if first.get().0.elapsed() >= self.grace => {
                first.remove().1.cancel();
                true
            }
            _ => false,
        }
    }
}

impl Seat {
    /// Ends when the place is needed for another, and no request is under way: to be waited for in the connection's own
    /// task, after the connection itself.
    pub async fn gives_way(&self) {
        self.gives_way.cancelled().await;
        // A request may have arrived that nobody has had the time to see: once more around, and it has begun.
        tokio::task::yield_now().await;
        std::future::poll_fn(|_| match self.busy.load(Ordering::Relaxed) {
            // The end of the answer wakes the task.
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }

    /// A request begins, also on a connection whose turn it is: it is answered first.
    pub fn begin(self: &Arc<Self>) -> Busy {
        if let Some(turn) = lock(&self.turn).take() {
            lock(&self.seats.waiting).order.remove(&turn);
        }
        self.busy.store(true, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    fn waits(&self) {
        let mut waiting = lock(&self.seats.waiting);
        let turn = waiting.next;
        waiting.next += 1;
        waiting
            .order
            .insert(turn, (Instant::now(), self.gives_way.clone()));
        *lock(&self.turn) = Some(turn);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
        if !self.0.gives_way.is_cancelled() {
            self.0.waits();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(turn) = lock(&self.turn).take() {
            lock(&self.seats.waiting).order.remove(&turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_quietest_gives_way_and_one_that_is_answered_never() {
        let seats = Seats::new(3, Duration::ZERO);
        let (answered, silent, busy) = (seats.take().await, seats.take().await, seats.take().await);
        drop(answered.begin());
        let work = busy.begin();
        assert!(seats.one_gives_way());
        assert!(silent.gives_way.is_cancelled(), "it has waited longest");
        assert!(seats.one_gives_way());
        assert!(answered.gives_way.is_cancelled());
        assert!(!seats.one_gives_way(), "the last one is busy");
        drop(work);
        assert!(seats.one_gives_way());
    }

    #[tokio::test]
    async fn one_that_has_just_come_is_not_cut_off() {
        let seats = Seats::new(1, Duration::from_secs(3600));
        let seat = seats.take().await;
        assert!(!seats.one_gives_way());
        drop(seat);
    }

    #[tokio::test]
    async fn a_request_that_has_arrived_is_answered_before_its_connection_gives_way() {
        let seats = Seats::new(1, Duration::ZERO);
        let seat = seats.take().await;
        assert!(seats.one_gives_way());
        let (begun, ended) = (tokio::sync::Notify::new(), AtomicBool::new(false));
        let connection = async {
            // Seen only at the second look, as bytes are that have just arrived.
            tokio::task::yield_now().await;
            let busy = seat.begin();
            begun.notified().await;
            ended.store(true, Ordering::Relaxed);
            drop(busy);
            std::future::pending::<()>().await;
        };
        let both = async {
            tokio::select! {
                biased;
                () = connection => {}
                () = seat.gives_way() => {}
            }
        };
        let (_, ()) = tokio::join!(both, async { begun.notify_one() });
        assert!(ended.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_place_is_free_when_its_connection_ends() {
        let seats = Seats::new(1, Duration::ZERO);
        let first = seats.take().await;
        let second = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.take().await }
        });
        first.gives_way().await;
        drop(first);
        drop(second.await.unwrap());
        assert!(lock(&seats.waiting).order.is_empty());
        assert_eq!(seats.free.available_permits(), 1);
    }
}
