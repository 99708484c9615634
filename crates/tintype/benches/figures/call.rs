//! What the call costs: `POST …/clusters/elasticsearch/{id}/_snapshot` through Tintype beside
//! `PUT _snapshot/R/S?wait_for_completion=false` straight to the same engine, and one commit, in turns.

use std::time::Duration;

use anyhow::{Context, ensure};
use http::StatusCode;
use serde_json::{Value, json};
use tintype_testkit::{
    client::RawClient,
    engines::{self, RealEngine},
    figures::count,
    tintype::{TintypeOptions, TintypeProcess},
    wait,
};

use crate::support::{Commits, Connection, Figures, api_key, ask, table};

const ENGINE: &str = "opensearch-2.19.0";
/// The repository's name, on the platform and on the engine.
const REPOSITORY: &str = "bench";
const INDEX: &str = "flights";
const CALLS: usize = 200;
/// Rounds that are not counted: the first registers the repository, the next ones warm the engine's JVM.
const WARM_UP: usize = 5;
const END_BOUND: Duration = Duration::from_secs(60);

pub async fn run() -> anyhow::Result<()> {
    let calls = count("TINTYPE_BENCH_CALLS", CALLS)?;
    let options = engines::Options {
        heap_mb: 512,
        quick: false,
        ..engines::Options::default()
    };
    let engine = RealEngine::start(engines::row(ENGINE), options).await?;
    fill(&engine).await?;
    let tintype = TintypeProcess::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let mut through = Through::new(&tintype, &engine).await?;
    let mut straight = Straight::new(&engine).await?;
    let commits = Commits::beside(&tintype.data_dir()).await?;
    for number in 0..WARM_UP {
        through.call(&format!("warm-{number}")).await?;
        straight.call(&format!("warm-straight-{number}")).await?;
    }
    let mut samples = [const { Vec::new() }; 3];
    for number in 0..calls {
        // Who goes first changes each round, or what one leaves behind would always burden the other.
        for second in [false, true] {
            let which = usize::from(second) ^ (number % 2);
            let took = if which == 0 {
                through.call(&format!("through-{number}")).await?
            } else {
                straight.call(&format!("straight-{number}")).await?
            };
            samples[which].push(took);
        }
        samples[2].push(commits.commit().await?);
    }
    report(calls, samples.map(Figures::of));
    Ok(())
}

/// One shard with a hundred documents, the same in every snapshot.
async fn fill(engine: &RealEngine) -> anyhow::Result<()> {
    let client = engine.client();
    let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}});
    ask(client, "PUT", &format!("/{INDEX}"), settings).await?;
    let lines: String = (0..100)
        .map(|n| {
            format!(
                "{{\"index\":{{}}}}\n{}\n",
                json!({"n": n, "word": format!("word {n}")})
            )
        })
        .collect();
    let path = format!("/{INDEX}/_bulk?refresh=true");
    let answer = ask(client, "POST", &path, lines.into()).await?;
    ensure!(answer["errors"] == false, "{answer}");
    let health = format!("/_cluster/health/{INDEX}?wait_for_status=green&timeout=30s");
    ask(client, "GET", &health, Value::Null).await?;
    Ok(())
}

/// The call.
struct Through {
    connection: Connection,
    path: String,
    /// Not the measured connection: it sets up and waits.
    aside: RawClient,
}

impl Through {
    async fn new(tintype: &TintypeProcess, engine: &RealEngine) -> anyhow::Result<Self> {
        let key = api_key(tintype).await?;
        let aside = RawClient::new(&tintype.url(), None)?.authorized(&key);
        let settings = json!({"location": engine.location(REPOSITORY)?});
        let repository = json!({"type": "fs", "settings": settings, "default": true});
        let path = format!("/api/tintype/v1/repositories/{REPOSITORY}");
        ask(&aside, "PUT", &path, repository).await?;
        let cluster = json!({"url": engine.url(), "access": "operate"});
        let attached = ask(&aside, "POST", "/api/tintype/v1/clusters", cluster).await?;
        let id = attached["id"].as_str().context("no id")?;
        Ok(Self {
            connection: Connection::open(&tintype.url(), Some(key)).await?,
            path: format!("/api/v1/clusters/elasticsearch/{id}/_snapshot"),
            aside,
        })
    }

    /// Takes a snapshot to its good end; returns how long the call took.
    async fn call(&mut self, name: &str) -> anyhow::Result<Duration> {
        let (took, answer) = self
            .connection
            .send("POST", &self.path, &json!({"name": name}))
            .await?;
        ensure!(answer.status() == StatusCode::ACCEPTED, "{answer:?}");
        let operation = answer.headers()["x-tintype-operation"].to_str()?;
        let path = format!("/api/tintype/v1/operations/{operation}");
        let ended = wait::until("the operation's end", END_BOUND, async || {
            let (_, seen) = self.aside.send("GET", &path, Value::Null).await.ok()?;
            (!seen["finished_at"].is_null()).then_some(seen)
        });
        let ended = ended.await?;
        ensure!(ended["status"] == "succeeded", "{ended}");
        Ok(took)
    }
}

/// The same snapshot, asked of the engine.
struct Straight {
    connection: Connection,
    aside: RawClient,
}

impl Straight {
    async fn new(engine: &RealEngine) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::open(engine.url(), None).await?,
            aside: engine.client().clone(),
        })
    }

    /// As [`Through::call`], with the body that Tintype sends.
    async fn call(&mut self, name: &str) -> anyhow::Result<Duration> {
        let path = format!("/_snapshot/{REPOSITORY}/{name}");
        let body = json!({"include_global_state": true, "partial": false, "expand_wildcards": "all",
            "metadata": {"benchmark": {"name": name}}});
        let put = format!("{path}?wait_for_completion=false");
        let (took, answer) = self.connection.send("PUT", &put, &body).await?;
        ensure!(answer.status() == StatusCode::OK, "{answer:?}");
        let state = wait::until("the snapshot's end", END_BOUND, async || {
            let (_, seen) = self.aside.send("GET", &path, Value::Null).await.ok()?;
            let state = seen["snapshots"][0]["state"].as_str()?.to_owned();
            (state != "IN_PROGRESS").then_some(state)
        });
        let state = state.await?;
        ensure!(state == "SUCCESS", "{name}: {state}");
        Ok(took)
    }
}

fn report(calls: usize, [through, straight, commit]: [Figures; 3]) {
    println!("{calls} calls each, alternating, {ENGINE}\n");
    table(&[
        ("through Tintype", &through),
        ("straight to the engine", &straight),
        ("one commit of the store", &commit),
    ]);
    let bound = 1.15 * straight.median + 5.0 + 2.0 * commit.median;
    println!(
        "medians: ratio {:.2}, difference {:.2} ms; {:.2} ms is to be at most {bound:.2} ms (1.15 x straight + 5 ms + 2 commits)\n",
        through.median / straight.median,
        through.median - straight.median,
        through.median,
    );
}
