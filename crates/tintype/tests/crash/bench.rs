//! The engine under a test, with what is there before Tintype comes: indices, and a registration with a snapshot.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};
use tintype_testkit::{
    client::RawClient,
    engines::{Options, RealEngine, row},
    fake::{Dialect, FakeEngine, Index, Progress, SnapshotState},
};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// The registration that was there before, and its only snapshot.
pub const KEEP: (&str, &str) = ("keep", "base");
/// The indices of that snapshot.
pub const INDICES: [&str; 2] = ["flights", "tiny"];

static REAL: OnceCell<Arc<RealEngine>> = OnceCell::const_new();
/// Tests that use the real engine take turns: an index that is being restored makes another test's snapshot fail.
static TURN: Mutex<()> = Mutex::const_new(());
static RUNS: AtomicU32 = AtomicU32::new(0);

/// An engine. Runs share it, each under names of its own.
pub struct Bench {
    /// Where Tintype finds it.
    pub url: String,
    /// What Tintype needs beyond the URL to attach it.
    pub attach: Value,
    /// Asks the engine itself, as its superuser.
    pub client: RawClient,
    /// Below it each run has its own location.
    pub root: String,
    /// The fake behind it; `None` for a real one.
    pub fake: Option<FakeEngine>,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Bench {
    /// OpenSearch 2.19.0, one for all tests of this binary.
    pub async fn real() -> Self {
        let turn = TURN.lock().await;
        let start = || async {
            // A throttled snapshot sleeps on its thread; on a small machine there would be only one.
            let settings = "thread_pool.snapshot.max: 8\nthread_pool.snapshot.core: 4\n".to_owned();
            let options = Options {
                settings,
                ..Options::default()
            };
            let engine = RealEngine::start(row("opensearch-2.19.0"), options).await?;
            furnish(&engine).await?;
            anyhow::Ok(Arc::new(engine))
        };
        let engine = REAL.get_or_try_init(start).await.unwrap();
        let mut bench = Self::of(engine);
        bench._turn = Some(turn);
        bench
    }

    /// Elasticsearch 8.17.0 with TLS and users.
    pub async fn secured() -> (Self, Arc<RealEngine>) {
        let engine = RealEngine::start(row("elasticsearch-8.17.0"), Options::secured())
            .await
            .unwrap();
        furnish(&engine).await.unwrap();
        let mut bench = Self::of(&engine);
        let operate = engine.users().operate;
        bench.attach = json!({
            "ca": engine.ca_pem(),
            "auth": {"type": "basic", "username": operate.name, "password": operate.password},
        });
        (bench, Arc::new(engine))
    }

    fn of(engine: &RealEngine) -> Self {
        Self {
            url: engine.url().to_owned(),
            attach: json!({}),
            client: engine.client().clone(),
            root: engine.repo_path().display().to_string(),
            fake: None,
            _turn: None,
        }
    }

    /// A fake engine of its own.
    pub fn fake(dialect: Dialect, progress: Progress) -> Self {
        let fake = FakeEngine::start(dialect).unwrap();
        for name in INDICES {
            fake.add_index(name, Index::default());
        }
        let location = json!({"type": "fs", "settings": {"location": "/fake/keep"}});
        fake.put_repository(KEEP.0, location);
        fake.add_snapshot(KEEP.0, KEEP.1, SnapshotState::Success);
        fake.set_progress(progress);
        Self {
            url: fake.url(),
            attach: json!({}),
            client: RawClient::new(&fake.url(), None).unwrap(),
            root: "/fake".to_owned(),
            fake: Some(fake),
            _turn: None,
        }
    }

    /// A name that no other run of this binary has.
    pub fn new_name() -> String {
        format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks the engine and expects success.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.client.send(method, path, body).await.unwrap();
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// Registers a repository of a run behind Tintype's back.
    pub async fn register(&self, name: &str, more: Value) {
        let mut settings = json!({"location": format!("{}/{name}", self.root)});
        merge(&mut settings, more);
        let body = json!({"type": "fs", "settings": settings});
        self.ask("PUT", &format!("/_snapshot/{name}?verify=false"), body)
            .await;
    }
}

/// Adds the members of one object to another.
pub fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

/// Indices (`big` takes long under a throttle), the registration that was there before, and its snapshot.
async fn furnish(engine: &RealEngine) -> anyhow::Result<()> {
    let one = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}});
    for (index, documents, bytes) in [("flights", 200, 40), ("tiny", 5, 10), ("big", 4_000, 1_000)] {
        engine.http("PUT", &format!("/{index}"), one.clone()).await?;
        let lines: String = (0..documents)
            .map(|number| {
                format!(
                    "{{\"index\":{{}}}}\n{{\"n\":{number},\"t\":\"{}\"}}\n",
                    noise(number, bytes)
                )
            })
            .collect();
        engine
            .http("POST", &format!("/{index}/_bulk?refresh=true"), lines.into())
            .await?;
        engine
            .http("POST", &format!("/{index}/_flush"), Value::Null)
            .await?;
    }
    engine.location(KEEP.0)?;
    let location = engine.repo_path().join(KEEP.0);
    let body = json!({"type": "fs", "settings": {"location": location}});
    engine
        .http("PUT", &format!("/_snapshot/{}", KEEP.0), body)
        .await?;
    let path = format!("/_snapshot/{}/{}?wait_for_completion=true", KEEP.0, KEEP.1);
    let what = json!({"indices": INDICES, "include_global_state": false});
    let (status, answer) = engine.http("PUT", &path, what).await?;
    assert_eq!(
        (status, &answer["snapshot"]["state"]),
        (200, &json!("SUCCESS")),
        "{answer}"
    );
    Ok(())
}

/// Text that does not compress, and is the same in every run.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'a' + u8::try_from(state % 26).unwrap())
        })
        .collect()
}
