//! The few idle connections that are kept for one engine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::connection::Connection;

/// As many as the looks before a snapshot go side by side.
const KEPT: usize = 3;
/// Long enough for the calls of one operation, and no longer.
const IDLE: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Pool(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    idle: Vec<(Connection, Instant)>,
    reaper_runs: bool,
}

impl Pool {
    /// The connection that was used last, if one is still good.
    pub(crate) fn take(&self) -> Option<Connection> {
        let mut shelf = self.shelf();
        shelf.drop_old();
        shelf.idle.pop().map(|(connection, _)| connection)
    }

    /// Keeps a connection that can be used again.
    pub(crate) fn put(self: &Arc<Self>, connection: Connection) {
        let mut shelf = self.shelf();
        shelf.drop_old();
        if connection.is_reusable() && shelf.idle.len() < KEPT {
            shelf.idle.push((connection, Instant::now()));
            if !shelf.reaper_runs {
                shelf.reaper_runs = true;
                self.spawn_reaper();
            }
        }
    }

    /// Closes what nobody uses any more: a fleet of thousands must not hold thousands of sockets.
    fn spawn_reaper(self: &Arc<Self>) {
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE).await;
                let Some(pool) = pool.upgrade() else { return };
                let mut shelf = pool.shelf();
                shelf.drop_old();
                if shelf.idle.is_empty() {
                    shelf.reaper_runs = false;
                    return;
                }
            }
        });
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn drop_old(&mut self) {
        self.idle
            .retain(|(connection, since)| since.elapsed() < IDLE && connection.is_reusable());
    }
}
