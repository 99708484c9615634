//! The handle to one engine.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::cluster::Identity;
use crate::config::{ConfigError, EngineConfig};
use crate::dialect::Dialect;
use crate::error::{CallSite, Error, NotSent};
use crate::wire::client::{Answer, Call, Client};
use crate::wire::pool::Pool;
use crate::wire::route::Route;

/// How long a version is believed; engines are upgraded while we run.
const DIALECT_AGE: Duration = Duration::from_secs(600);

/// Told of every call that failed.
pub type OnError = Arc<dyn Fn(&Error) + Send + Sync>;

/// A client of one engine. Clones share their connections; at most three idle ones are kept, for 5 s.
#[derive(Clone)]
pub struct Engine {
    client: Arc<Client>,
    pool: Arc<Pool>,
    dialect: Arc<Mutex<Option<(Dialect, Instant)>>>,
    on_error: Option<OnError>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Checks the config; connects to nothing yet.
    pub fn new(config: EngineConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            client: Arc::new(Client::new(config)?),
            pool: Arc::default(),
            dialect: Arc::default(),
            on_error: None,
        })
    }

    /// The same, telling of each call that fails.
    #[must_use]
    pub fn telling(mut self, on_error: OnError) -> Self {
        self.on_error = Some(on_error);
        self
    }

    /// The same engine over connections of its own, which are closed with it: for a few calls in a row, after which
    /// nothing is asked for long. A fleet of thousands that is looked at holds no sockets, and none of their buffers.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            pool: Arc::default(),
            ..self.clone()
        }
    }

    /// How this engine speaks: read from it when that is older than ten minutes, and by every [`Engine::identify`].
    pub async fn dialect(&self) -> Result<Dialect, Error> {
        let known = *self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some((dialect, read)) if read.elapsed() < DIALECT_AGE => Ok(dialect),
            _ => Ok(self.identify().await?.dialect()),
        }
    }

    /// The dialect as a step before a change: if it cannot be read, the change was not sent.
    pub(crate) async fn dialect_before(&self, method: &'static str, path: &[&str]) -> Result<Dialect, Error> {
        self.dialect().await.map_err(|error| Error::NotSent {
            at: CallSite {
                method,
                path: Route::new(path).path(),
            },
            why: NotSent::Precheck(Box::new(error)),
        })
    }

    pub(crate) fn remember(&self, identity: &Identity) {
        let mut known = self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((identity.dialect(), Instant::now()));
    }

    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Error> {
        let answer = self.client.call(&self.pool, call).await;
        if let (Err(error), Some(on_error)) = (&answer, &self.on_error) {
            on_error(error);
        }
        answer
    }
}
