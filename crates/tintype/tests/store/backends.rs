//! One function for each backend: a new, empty store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tintype::secrets::Sealer;
use tintype::store::Store;
use tintype::store::sqlite::SqliteStore;

/// A store, and what must live as long as it.
pub struct Backend {
    pub store: Arc<dyn Store>,
    _dir: TempDir,
}

pub async fn on_sqlite() -> Backend {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&database(dir.path()), sealer()).await.unwrap();
    Backend {
        store: Arc::new(store),
        _dir: dir,
    }
}

pub fn database(dir: &Path) -> PathBuf {
    dir.join("tintype.db")
}

pub fn sealer() -> Sealer {
    Sealer::new(&[7; 32])
}
