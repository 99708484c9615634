//! Accepted snapshots per second: 64 callers, a fake engine that answers at once, a store that waits for the disk
//! (`synchronous=FULL`, the product) beside one that does not (`OFF`, which only a build with failpoints can be told).

use std::time::{Duration, Instant};

use anyhow::ensure;
use http::StatusCode;
use serde_json::{Value, json};
use tintype_testkit::{
    client::RawClient,
    fake::{Dialect, FakeHost, Progress},
    figures::count,
    tintype::{TintypeOptions, TintypeProcess},
};

use crate::support::{Connection, api_key, ask};

const CALLERS: usize = 64;
const ROUNDS: usize = 3;
/// Seconds of one round.
const SECONDS: usize = 10;

pub async fn run() -> anyhow::Result<()> {
    if !cfg!(feature = "failpoints") {
        println!(
            "not run: it needs `--features failpoints`, without which the store cannot be told not to wait\n"
        );
        return Ok(());
    }
    let round = Duration::from_secs(count("TINTYPE_BENCH_SECONDS", SECONDS)? as u64);
    let full = Server::start(TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype"))).await?;
    let off = TintypeOptions::serve(env!("CARGO_BIN_EXE_tintype")).env("TINTYPE_UNSAFE_SYNCHRONOUS", "off");
    let off = Server::start(off).await?;
    let mut rates = [Vec::new(), Vec::new()];
    for number in 0..ROUNDS {
        for second in [false, true] {
            let which = usize::from(second) ^ (number % 2);
            rates[which].push([&full, &off][which].round(round).await?);
        }
    }
    let [full, off] = rates.map(median);
    println!("| accepted per second      |  median |");
    println!("|--------------------------|--------:|");
    println!("| synchronous=FULL         | {full:>7.1} |");
    println!("| synchronous=OFF          | {off:>7.1} |");
    println!(
        "\n{CALLERS} callers, {ROUNDS} rounds of {} s each: ratio {:.2}, to be at least 0.60\n",
        round.as_secs(),
        full / off
    );
    Ok(())
}

/// A server with a cluster for each caller.
struct Server {
    tintype: TintypeProcess,
    key: String,
    clusters: Vec<String>,
    _engines: FakeHost,
}

impl Server {
    async fn start(options: TintypeOptions) -> anyhow::Result<Self> {
        let options = options
            .env("TINTYPE_OPERATIONS__OVERALL", "10000")
            .env("TINTYPE_OPERATIONS__PER_CLUSTER", "1000");
        let tintype = TintypeProcess::start(options).await?;
        let key = api_key(&tintype).await?;
        let client = RawClient::new(&tintype.url(), None)?.authorized(&key);
        let repository = json!({"type": "fs", "settings": {"location": "/backups"}, "default": true});
        ask(&client, "PUT", "/api/tintype/v1/repositories/bench", repository).await?;
        let engines = FakeHost::start()?;
        let mut clusters = Vec::new();
        for number in 0..CALLERS {
            let engine = engines.add(&format!("cluster-{number}"), Dialect::Os2);
            engine.set_progress(Progress::Looks(0));
            let body = json!({"url": engine.url(), "access": "operate"});
            let attached = ask(&client, "POST", "/api/tintype/v1/clusters", body).await?;
            clusters.push(attached["id"].as_str().unwrap_or_default().to_owned());
        }
        let server = Self {
            tintype,
            key,
            clusters,
            _engines: engines,
        };
        // The first call of each registers its repository.
        server.round(Duration::from_millis(1)).await?;
        Ok(server)
    }

    /// Every caller asks again as soon as it is answered; returns answers per second.
    async fn round(&self, length: Duration) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let mut callers = tokio::task::JoinSet::new();
        for cluster in &self.clusters {
            let path = format!("/api/v1/clusters/elasticsearch/{cluster}/_snapshot");
            let mut connection = Connection::open(&self.tintype.url(), Some(self.key.clone())).await?;
            callers.spawn(async move {
                let mut accepted = 0u32;
                while accepted == 0 || begun.elapsed() < length {
                    let (_, answer) = connection.send("POST", &path, &Value::Null).await?;
                    ensure!(answer.status() == StatusCode::ACCEPTED, "{answer:?}");
                    accepted += 1;
                }
                Ok(accepted)
            });
        }
        let mut accepted = 0;
        while let Some(done) = callers.join_next().await {
            accepted += done??;
        }
        Ok(f64::from(accepted) / begun.elapsed().as_secs_f64())
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
