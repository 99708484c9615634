//! A second engine of a line, without data and with one thread for snapshots, for tests that kill it or need it empty:
//! one after the other.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use crate::rig::Rig;

/// The spare engine, while no other test has it.
pub struct Spare {
    pub rig: Arc<Rig>,
    _turn: OwnedMutexGuard<Option<Arc<Rig>>>,
}

type Turn = Arc<tokio::sync::Mutex<Option<Arc<Rig>>>>;

impl Spare {
    /// Waits for its turn; the engine runs then, and has no index.
    pub async fn of(rig: &Rig) -> Self {
        static SPARES: LazyLock<Mutex<HashMap<&'static str, Turn>>> = LazyLock::new(Mutex::default);
        let row = rig.engine.row();
        let turn = SPARES.lock().unwrap().entry(row.name).or_default().clone();
        let mut turn = turn.lock_owned().await;
        let spare = match turn.take() {
            Some(spare) => spare,
            None => Arc::new(Rig::start(row, 1).await),
        };
        *turn = Some(spare.clone());
        if spare.engine.http("GET", "/_nodes", Value::Null).await.is_err() {
            spare.engine.restart().await.unwrap();
        }
        for index in spare.indices().await {
            spare.ask("DELETE", &format!("/{index}"), Value::Null).await;
        }
        Self {
            rig: spare,
            _turn: turn,
        }
    }
}
