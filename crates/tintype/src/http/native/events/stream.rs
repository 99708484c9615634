//! One stream: it reads a page, hands it over, and waits for a wake-up or for the next heartbeat. Nothing is read
//! before there is room for it, so that a reader that is slow costs nothing but its place.

use crate::app::App;
use crate::http::serve::Close;
use crate::model::Change;
use crate::store::changes::{ChangeFilter, ChangePage};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::unfold;
use serde_json::json;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

/// Changes in one page.
const PAGE: u32 = 200;
/// Something is sent at least this often, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A reader that made no room for this long is dropped.
const STALLED: Duration = Duration::from_secs(30);

/// Where a stream begins, and what it shows.
pub struct From {
    /// Behind this sequence number.
    pub after: i64,
    /// What is shown.
    pub filter: ChangeFilter,
    /// It does not end with the last change that is there.
    pub follow: bool,
}

/// Since when a page waits for room in the reader's connection.
type HandedOver = Arc<Mutex<Option<Instant>>>;

struct Stream {
    app: App,
    from: From,
    changed: watch::Receiver<u64>,
    begun: bool,
    ended: bool,
    handed_over: HandedOver,
    /// Given back when the stream ends, however it ends.
    _open: Open,
}

/// A place among the open streams.
struct Open {
    app: App,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.app.metrics.streams().dec();
    }
}

/// The body of an answer that tells changes until the reader goes, the server stops, or `follow` is false and all is told.
pub fn body(app: &App, from: From, permit: OwnedSemaphorePermit, close: Close) -> Body {
    app.metrics.streams().inc();
    let stream = Stream {
        app: app.clone(),
        from,
        changed: app.store.watch_changes(),
        begun: false,
        ended: false,
        handed_over: HandedOver::default(),
        _open: Open {
            app: app.clone(),
            _permit: permit,
        },
    };
    tokio::spawn(drop_stalled(Arc::downgrade(&stream.handed_over), STALLED, close));
    Body::from_stream(unfold(stream, |mut stream| async move {
        *lock(&stream.handed_over) = None;
        let text = stream.next().await?;
        *lock(&stream.handed_over) = Some(Instant::now());
        Some((Ok::<_, Infallible>(Bytes::from(text)), stream))
    }))
}

fn lock(handed_over: &Mutex<Option<Instant>>) -> std::sync::MutexGuard<'_, Option<Instant>> {
    handed_over.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes the connection of a reader that makes no room; ends with the stream.
async fn drop_stalled(handed_over: std::sync::Weak<Mutex<Option<Instant>>>, bound: Duration, close: Close) {
    loop {
        tokio::time::sleep(bound / 6).await;
        let Some(handed_over) = handed_over.upgrade() else {
            return;
        };
        let since = *lock(&handed_over);
        if since.is_some_and(|since| since.elapsed() > bound) {
            tracing::debug!("a reader of the stream of changes made no room and is dropped");
            return close.now();
        }
    }
}

impl Stream {
    /// The next part of the body; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if self.ended || self.app.stop.is_cancelled() {
                return None;
            }
            // Before the page is read: a change that comes while it is read wakes again.
            self.changed.borrow_and_update();
            let page = self
                .app
                .store
                .changes(self.from.after, &self.from.filter, PAGE)
                .await;
            let page = page
                .inspect_err(|error| tracing::error!(%error, "changes could not be read"))
                .ok()?;
            let full = page.changes.len() == PAGE as usize;
            let text = self.text(&page);
            self.from.after = page.position;
            self.ended = !self.from.follow && !full;
            if !text.is_empty() {
                return Some(text);
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                () = self.app.stop.cancelled() => return None,
                changed = self.changed.changed() => changed.ok()?,
                () = tokio::time::sleep(HEARTBEAT) => return Some(self.heartbeat()),
            }
        }
    }

    fn text(&mut self, page: &ChangePage) -> String {
        let mut text = String::new();
        if !std::mem::replace(&mut self.begun, true) {
            // An id without data: whoever is cut off before the first event resumes from here and not from later.
            text = format!(": changes\nretry: 2000\nid: {}\n\n", self.from.after);
        }
        if page.gap {
            let data = json!({ "after": self.from.after, "newest": page.position });
            let _ = write!(text, "event: reset\ndata: {data}\n\n");
        }
        for change in &page.changes {
            let _ = write!(
                text,
                "id: {}\nevent: {}\ndata: {}\n\n",
                change.sequence,
                change.kind,
                data(change)
            );
        }
        text
    }

    /// The place moves on with it: changes that the filter left out need not be looked at again.
    fn heartbeat(&self) -> String {
        format!(": still here\nid: {}\n\n", self.from.after)
    }
}

/// A change as one line of JSON.
fn data(change: &Change) -> serde_json::Value {
    let mut data = json!({
        "sequence": change.sequence,
        "at": change.at.to_string(),
        "kind": change.kind,
        "data": change.document,
    });
    if let Some(cluster) = &change.cluster_id {
        data["cluster_id"] = cluster.as_str().into();
    }
    if let Some(operation) = &change.operation_id {
        data["operation_id"] = operation.as_str().into();
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_reader_that_makes_no_room_is_dropped() {
        let (waiting, stuck) = (HandedOver::default(), HandedOver::default());
        *lock(&stuck) = Some(Instant::now());
        let bound = Duration::from_millis(30);
        let (spared, closed) = (Close::default(), Close::default());
        let watching = tokio::spawn(drop_stalled(Arc::downgrade(&waiting), bound, spared.clone()));
        drop_stalled(Arc::downgrade(&stuck), bound, closed.clone()).await;
        assert!(closed.is_closed() && !spared.is_closed());
        // A stream that has ended is watched no more.
        drop(waiting);
        watching.await.unwrap();
        assert!(!spared.is_closed());
    }
}
