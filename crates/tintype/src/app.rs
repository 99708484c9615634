//! What every part of the server is handed: built once at start.

use crate::clock::Clock;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::operations::Operations;
use crate::operations::engines::Engines;
use crate::secrets::Sealer;
use crate::store::Store;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The server's parts.
#[derive(Debug, Clone)]
pub struct App {
    /// The effective configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The durable state.
    pub store: Arc<dyn Store>,
    /// Recognises equal request bodies without keeping them.
    pub sealer: Sealer,
    /// Connections to the clusters' engines.
    pub engines: Engines,
    /// Starts, follows and cancels operations.
    pub operations: Operations,
    /// What is counted since the start.
    pub metrics: Arc<Metrics>,
    /// Cancelled when the server stops: what would go on for ever ends then.
    pub stop: CancellationToken,
}

impl App {
    /// Puts the parts together. Nothing runs yet.
    pub fn new(config: Config, clock: Arc<dyn Clock>, store: Arc<dyn Store>, sealer: Sealer) -> Self {
        let config = Arc::new(config);
        let metrics = Arc::<Metrics>::default();
        let engines = Engines::new(Arc::clone(&config), Arc::clone(&store), Arc::clone(&metrics));
        let operations = Operations::new(
            Arc::clone(&config),
            Arc::clone(&clock),
            Arc::clone(&store),
            engines.clone(),
            Arc::clone(&metrics),
        );
        Self {
            config,
            clock,
            store,
            sealer,
            engines,
            operations,
            metrics,
            stop: CancellationToken::new(),
        }
    }
}
