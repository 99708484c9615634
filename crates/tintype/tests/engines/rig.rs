//! An engine with data, one for all tests of a line; its users have exactly the roles that Tintype prints.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use serde_json::{Value, json};
use tintype_testkit::{
    certs::{CertPair, TestCa},
    engines::{EngineRow, Options, RealEngine, row, suite},
    tintype::{TintypeOptions, TintypeProcess},
};
use tokio::sync::{OnceCell, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore};

use crate::api::{Api, NATIVE};

/// The engines run several snapshots at once, but a throttled one sleeps in its thread, and on two cores there is one.
const THREADS: u32 = 10;
/// A start keeps a core busy: so many engines start at a time.
static STARTS: Semaphore = Semaphore::const_new(2);

/// An engine and what stands in front of it.
pub struct Rig {
    pub engine: RealEngine,
    /// The certificate that proxies show, and its authority.
    pub front: CertPair,
    pub front_ca: String,
    indices: RwLock<()>,
    turn: RwLock<()>,
}

/// A test's turn at an engine.
pub struct Turn<'a> {
    _shared: Option<RwLockReadGuard<'a, ()>>,
    _alone: Option<RwLockWriteGuard<'a, ()>>,
}

type Cell = Arc<OnceCell<Arc<Rig>>>;

/// The engine of this line of the suite, `kind_1_2_3`; started and filled at the first call.
pub async fn of(line: &str) -> Arc<Rig> {
    static RIGS: LazyLock<Mutex<HashMap<&'static str, Cell>>> = LazyLock::new(Mutex::default);
    let row = row_of(line);
    let cell = RIGS.lock().unwrap().entry(row.name).or_default().clone();
    let start = || async {
        let rig = Rig::start(row, THREADS).await;
        rig.fill().await;
        Arc::new(rig)
    };
    cell.get_or_init(start).await.clone()
}

/// Another engine of the suite.
pub async fn neighbour(rig: &Rig) -> Arc<Rig> {
    let other = suite().find(|row| row.name != rig.engine.row().name).unwrap();
    of(&other.name.replace(['-', '.'], "_")).await
}

fn row_of(line: &str) -> &'static EngineRow {
    let (kind, version) = line.split_once('_').unwrap();
    row(&format!("{kind}-{}", version.replace('_', ".")))
}

impl Rig {
    /// An empty engine with so many threads for snapshots.
    pub async fn start(row: &'static EngineRow, threads: u32) -> Self {
        let _turn = STARTS.acquire().await.unwrap();
        let options = Options {
            security: row.has_security,
            settings: format!("thread_pool.snapshot.max: {threads}\n"),
            roles: Some(printed_roles().await),
            ..Options::default()
        };
        let ca = TestCa::new().unwrap();
        Self {
            engine: RealEngine::start(row, options).await.unwrap(),
            front: ca.server().unwrap(),
            front_ca: ca.pem(),
            indices: RwLock::default(),
            turn: RwLock::default(),
        }
    }

    /// Elasticsearch 6.8: mapping types, no hidden indices, one snapshot at a time and no closed index in it.
    pub fn is_es6(&self) -> bool {
        self.engine.row().name.starts_with("elasticsearch-6.")
    }

    /// Beside other tests, except on the engine that takes one snapshot at a time.
    pub async fn shared(&self) -> Turn<'_> {
        if self.is_es6() {
            return self.alone().await;
        }
        Turn {
            _shared: Some(self.turn.read().await),
            _alone: None,
        }
    }

    /// While no other test uses the engine.
    pub async fn alone(&self) -> Turn<'_> {
        Turn {
            _shared: None,
            _alone: Some(self.turn.write().await),
        }
    }

    /// While it is held no test makes an index: an index whose primary has not started makes engines refuse a snapshot.
    pub async fn still(&self) -> RwLockReadGuard<'_, ()> {
        self.indices.read().await
    }

    /// While it is held no test asks for a snapshot: hold it to make an index, until its primaries have started.
    pub async fn moving(&self) -> RwLockWriteGuard<'_, ()> {
        self.indices.write().await
    }

    async fn fill(&self) {
        self.make_index("base-one", 2, json!({})).await;
        self.bulk(
            "base-one",
            (0..50).map(|n| json!({"n": n, "word": format!("ü{n}")})),
        )
        .await;
        self.make_index("base-two", 1, json!({})).await;
        self.bulk("base-two", (0..10).map(|n| json!({"n": n}))).await;
        if !self.is_es6() {
            self.make_index("base-hidden", 1, json!({"hidden": true})).await;
        }
        self.make_index("base-closed", 1, json!({})).await;
        self.bulk("base-closed", [json!({"n": 1})]).await;
        self.ask("POST", "/base-closed/_close", Value::Null).await;
        self.fill_big().await;
    }

    /// About 4 MiB that do not compress, in eight segments a shard, so that a throttled snapshot is seen at work.
    async fn fill_big(&self) {
        self.make_index("base-big", 2, json!({"merge.policy.floor_segment": "64mb"}))
            .await;
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..8 {
            let mut text = || {
                let mut line = String::with_capacity(16_384);
                while line.len() < 16_384 {
                    noise ^= noise << 13;
                    noise ^= noise >> 7;
                    noise ^= noise << 17;
                    line.push_str(&format!("{noise:016x}"));
                }
                line
            };
            let documents: Vec<Value> = (0..32).map(|_| json!({"noise": text()})).collect();
            self.bulk("base-big", documents).await;
        }
    }

    /// Makes an index whose primary no node may hold. Whoever takes a snapshot of everything meanwhile is refused.
    pub async fn make_red(&self, name: &str) {
        let settings = json!({"number_of_shards": 1, "number_of_replicas": 0,
            "routing.allocation.require._name": "nowhere"});
        let path = format!("/{name}?wait_for_active_shards=0");
        self.ask("PUT", &path, json!({"settings": {"index": settings}}))
            .await;
    }

    /// Makes an index of one document of so many bytes that do not compress well.
    pub async fn make_noise(&self, name: &str, bytes: u32) {
        self.make_index(name, 1, json!({})).await;
        let noise: String = (0..bytes / 8)
            .map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761)))
            .collect();
        self.bulk(name, [json!({"noise": noise})]).await;
    }

    /// Makes an index whose texts are not searched, and waits for its primaries.
    pub async fn make_index(&self, name: &str, shards: u32, settings: Value) {
        let mut settings = settings;
        settings["number_of_shards"] = shards.into();
        settings["number_of_replicas"] = 0.into();
        let mut mappings = json!({"dynamic": false});
        if self.is_es6() {
            mappings = json!({"_doc": mappings});
        }
        let body = json!({"settings": {"index": settings}, "mappings": mappings});
        self.ask("PUT", &format!("/{name}"), body).await;
        let health = format!("/_cluster/health/{name}?wait_for_status=green&timeout=30s");
        self.ask("GET", &health, Value::Null).await;
    }

    /// Adds documents, as one segment a shard.
    pub async fn bulk(&self, index: &str, documents: impl IntoIterator<Item = Value>) {
        let lines: String = documents
            .into_iter()
            .map(|document| format!("{{\"index\":{{}}}}\n{document}\n"))
            .collect();
        let kind = if self.is_es6() { "/_doc" } else { "" };
        let path = format!("/{index}{kind}/_bulk?refresh=true");
        let answer = self.ask("POST", &path, lines.into()).await;
        assert_eq!(answer["errors"], false, "{answer}");
    }
}

/// The roles that `GET /roles` prints for Elasticsearch, as a `roles.yml`: what users paste must be enough.
async fn printed_roles() -> String {
    let tintype = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")))
        .await
        .unwrap();
    let printed = Api::of(&tintype).await.get(&format!("{NATIVE}/roles")).await;
    printed["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| {
            let name = level["access"].as_str().unwrap();
            // JSON is YAML.
            format!("{name}: {}\n", level["elasticsearch"]["body"])
        })
        .collect()
}
