//! The audit log. A change that a request asks for leaves its row by itself: the HTTP layer says who asks, for the task
//! that carries the request, and every named write within that task commits its row together with what it changes.

use super::Result;
use crate::model::audit::{AuditEntry, Origin, Refusal};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static ASKED: Arc<Asked>;
}

/// The request that the present task carries.
struct Asked {
    origin: Origin,
    said: Mutex<Said>,
}

/// What the code that handles the request has said about it.
#[derive(Default)]
struct Said {
    target: Option<String>,
    detail: Vec<String>,
}

/// A change's row without the change's name: what the writer takes along.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who, and what about.
    pub origin: Origin,
    /// For people.
    pub detail: String,
}

/// Runs a request: every change that it makes in the store leaves a row that names `origin`.
pub async fn asked<F: Future>(origin: Origin, request: F) -> F::Output {
    let said = Mutex::default();
    ASKED.scope(Arc::new(Asked { origin, said }), request).await
}

/// Names what the request is about, when its path does not: the id that it makes. Without a request, nothing.
pub fn about(target: impl Into<String>) {
    said(|said| said.target = Some(target.into()));
}

/// Says more about the next change: names and ids, never a secret. Without a request, nothing.
pub fn detail(text: impl Into<String>) {
    said(|said| said.detail.push(text.into()));
}

fn said(say: impl FnOnce(&mut Said)) {
    // An error means that no request asked for this, so that nobody is told.
    let _ = ASKED.try_with(|asked| say(&mut asked.said.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// The row of the change that is made now; `None` when no request asks for it.
pub fn change() -> Option<Change> {
    let change = |asked: &Arc<Asked>| {
        let mut said = asked.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut origin = asked.origin.clone();
        if let Some(target) = &said.target {
            origin.target.clone_from(target);
        }
        let detail = std::mem::take(&mut said.detail).join("; ");
        Change { origin, detail }
    };
    ASKED.try_with(change).ok()
}

/// Which rows a page of the log shows; all when empty. Newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Asked by this user.
    pub principal: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// About this target.
    pub target: Option<String>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Refusals alone (`true`), or changes alone (`false`).
    pub refused: Option<bool>,
    /// Older than this sequence number: the last one of the page before.
    pub before: Option<i64>,
    /// At most so many, 1 to 1000.
    pub limit: u32,
}

/// The audit log.
///
/// Every other method that changes something and is called within [`asked`] leaves one row with its own name, in its
/// own transaction: one that fails, or that changes nothing, leaves none. What the server notes for itself (looks,
/// leases, steps) leaves none either: operations have their own events.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends refusals.
    async fn record_refusals(&self, refusals: &[Refusal]) -> Result<()>;
    /// A page, newest first.
    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>>;
    /// Forgets at most `most` rows: those older than `before`, and refusals of nobody known older than `anonymous`. How
    /// many. The store keeps rows of the last 29 days whatever it is asked.
    async fn prune_audit(&self, before: Timestamp, anonymous: Timestamp, most: u32) -> Result<u64>;
}
