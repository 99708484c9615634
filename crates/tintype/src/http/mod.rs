//! A request becomes one store read, or one operation started.
//!
//! `router` lists every route with its permission; `auth` turns credentials into a principal; `problem` is the one map
//! from errors to answers. `ece` is the interface that existing clients know, `native` is what it never had.

use crate::app::App;
use jiff::SignedDuration;
use std::sync::Arc;
use tokio::sync::Semaphore;

pub mod audit;
pub mod auth;
pub mod count;
pub mod ece;
pub mod extract;
pub mod guard;
pub mod native;
pub mod observe;
pub mod openapi;
pub mod problem;
pub mod refusals;
pub mod route;
pub mod router;
pub mod seats;
pub mod serve;
mod stall;
pub mod trace;

pub use router::router;
pub use serve::{Listen, serve};

/// What every handler is handed.
#[derive(Debug, Clone)]
pub struct Http {
    /// The server's parts.
    pub app: App,
    /// Checks credentials.
    pub authenticator: Arc<auth::Authenticator>,
    /// Counts what was refused, for the audit log.
    pub refusals: Arc<refusals::Refusals>,
    /// The only region that paths may name.
    pub region: Arc<str>,
    /// A good snapshot no older than this counts as recent.
    pub recent_success_window: SignedDuration,
    /// Places for streams of changes.
    pub streams: Arc<Semaphore>,
}

impl Http {
    /// The state of a router over these parts.
    pub fn new(app: App) -> Self {
        let hours = i64::try_from(app.config.watch.recent_success_window_hours).unwrap_or(i64::MAX / 3600);
        Self {
            authenticator: Arc::new(auth::Authenticator::new(&app.sealer)),
            refusals: Arc::default(),
            region: app.config.server.region.as_str().into(),
            recent_success_window: SignedDuration::from_hours(hours),
            streams: Arc::new(Semaphore::new(app.config.events.streams as usize)),
            app,
        }
    }
}
