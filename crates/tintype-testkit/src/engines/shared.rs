//! One engine per line and kind of security for a whole test process, since a start takes 15 to 40 s.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{EngineRow, Options, RealEngine};

type Cell = Arc<OnceCell<Arc<RealEngine>>>;

static ENGINES: LazyLock<Mutex<HashMap<(&'static str, bool), Cell>>> = LazyLock::new(Mutex::default);

/// The test process's engine of this line, started at the first call. Tests share it: they use names of their own
/// and never kill it; a test that must kill one starts its own with [`RealEngine::start`].
///
/// # Errors
/// As [`RealEngine::start`].
pub async fn shared(row: &'static EngineRow, security: bool) -> anyhow::Result<Arc<RealEngine>> {
    let cell = ENGINES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry((row.name, security))
        .or_default()
        .clone();
    let start = || async {
        let options = Options {
            security,
            ..Options::default()
        };
        RealEngine::start(row, options).await.map(Arc::new)
    };
    cell.get_or_try_init(start).await.cloned()
}
