//! Places for connections. When none is free, the connection that has waited longest for its client's next request gives
//! its place up. One that is being answered never does, and a new one is the last whose turn comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
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
}

/// Connections without a request under way, in the order in which they give way.
#[derive(Debug, Default)]
struct Waiting {
    order: BTreeMap<Turn, CancellationToken>,
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
    _place: OwnedSemaphorePermit,
}

/// A request under way: until it is dropped, its connection keeps its place.
#[derive(Debug)]
pub struct Busy(Arc<Seat>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seats {
    /// So many places.
    pub fn new(number: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(number.min(Semaphore::MAX_PERMITS))),
            waiting: Mutex::default(),
            together: (number / 64).clamp(1, 64),
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

    /// Ends the connection whose turn it is; `false` when all are busy.
    pub fn one_gives_way(&self) -> bool {
        let first = lock(&self.waiting).order.pop_first();
        first.map(|(_, gives_way)| gives_way.cancel()).is_some()
    }
}

impl Seat {
    /// Ends when the place is needed for another.
    pub async fn gives_way(&self) {
        self.gives_way.cancelled().await;
    }

    /// A request begins; `None` when the place was given away at this very moment, so that it must not begin.
    pub fn begin(self: &Arc<Self>) -> Option<Busy> {
        let turn = lock(&self.turn).take()?;
        let gone = lock(&self.seats.waiting).order.remove(&turn);
        gone.map(|_| Busy(Arc::clone(self)))
    }

    fn waits(&self) {
        let mut waiting = lock(&self.seats.waiting);
        let turn = waiting.next;
        waiting.next += 1;
        waiting.order.insert(turn, self.gives_way.clone());
        *lock(&self.turn) = Some(turn);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.waits();
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
        let seats = Seats::new(3);
        let (answered, silent, busy) = (seats.take().await, seats.take().await, seats.take().await);
        drop(answered.begin().unwrap());
        let work = busy.begin().unwrap();
        assert!(seats.one_gives_way());
        assert!(silent.gives_way.is_cancelled(), "it has waited longest");
        assert!(silent.begin().is_none(), "its place was given away");
        assert!(seats.one_gives_way());
        assert!(answered.gives_way.is_cancelled());
        assert!(!seats.one_gives_way(), "the last one is busy");
        drop(work);
        assert!(seats.one_gives_way());
    }

    #[tokio::test]
    async fn a_place_is_free_when_its_connection_ends() {
        let seats = Seats::new(1);
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
